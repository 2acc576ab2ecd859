#include "control/clones/clones.hpp"

#include <fmt/format.h>

#include "control/clones/clone_jobs.hpp"
#include "control/platform.hpp"
#include "control/services/services.hpp"
#include "core/model/service_version.hpp"

namespace gasper::control {

result<std::string> choose_clone_version(const service& of, const std::string& wanted) {
    if (wanted.empty()) return of.version;
    if (compare_versions(wanted, of.version) < 0)
        return fail(errc::invalid, "service_downgrade",
                    fmt::format("{} is of version {}: a server of {} does not read what a newer one wrote", of.name,
                                of.version, wanted));
    return wanted;
}

task<result<job_id>> clones::start(identity who, new_clone wanted) {
    auto from = co_await services(platform_).authorize(who, wanted.of);
    if (!from) co_return from.error();
    if (!from->made) co_return fail(errc::conflict, "service_not_made", from->name + " is still being made");
    auto version = choose_clone_version(*from, wanted.version);
    if (!version) co_return version.error();
    auto& p = platform_.shared();
    if (!p.service_servers.find(from->name))
        co_return fail(errc::conflict, "service_not_running",
                       from->name + " does not run; see services:info " + from->name);
    new_service made;
    made.kind = from->kind;
    made.name = wanted.name;
    made.plan = wanted.plan.empty() ? from->plan : wanted.plan;
    made.version = *version;
    auto into = co_await services(platform_).add(who, std::move(made));
    if (!into) co_return into.error();
    co_return co_await start_clone(p, *from, *into, who.name);
}

}  // namespace gasper::control
