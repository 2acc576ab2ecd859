#include "control/upgrades/upgrades.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "control/audit.hpp"
#include "control/platform.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "control/services/services.hpp"
#include "control/upgrades/places.hpp"
#include "control/upgrades/upgrade_jobs.hpp"
#include "core/store/upgrades.hpp"

namespace gasper::control {

namespace {

error nothing_kept(const std::string& name) {
    return fail(errc::not_found, "no_upgrade", "nothing of before an upgrade is kept of " + name);
}

}  // namespace

task<result<job_id>> upgrades::start(identity who, std::string name, std::string version) {
    auto s = co_await services(platform_).authorize(who, name);
    if (!s) co_return s.error();
    if (!s->made) co_return fail(errc::conflict, "service_not_made", name + " is still being made");
    auto& p = platform_.shared();
    auto chosen = choose_upgrade(kind_of(*s), *s, version);
    if (!chosen) co_return chosen.error();
    if (!p.service_servers.find(name))
        co_return fail(errc::conflict, "service_not_running", name + " does not run; see services:info " + name);
    const auto kept = co_await p.db.read([&](SQLite::Database& db) { return store::find_upgrade(db, s->id); });
    if (kept && chosen->transfers)
        co_return fail(errc::conflict, "upgrade_kept",
                       "the data of version " + kept->before + " is still kept; services:upgrade:confirm " + name +
                           " removes it, services:upgrade:rollback " + name + " goes back to it");
    const nlohmann::json input{{"version", version}};
    job description{.kind = "service-upgrade", .key = service_job_key(name), .input = input.dump(), .user = who.name};
    auto run = [&p, id = s->id, version](job_context& job) { return run_upgrade(p, id, version, job); };
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

// The row's state decides who has it: a job that goes back takes it only while it says "kept".
task<result<>> upgrades::confirm(identity who, std::string name) {
    auto s = co_await services(platform_).authorize(who, name);
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    const auto taken = co_await p.db.transaction([&](SQLite::Database& db) -> std::optional<upgrade> {
        auto u = store::find_upgrade(db, s->id);
        if (!u || u->state != upgrade_state::kept) return std::nullopt;
        u->state = upgrade_state::leaving;
        store::set_upgrade(db, *u);
        return u;
    });
    if (!taken) co_return nothing_kept(name);
    co_await remove_kept(p, *s, *taken);
    co_await record(p, who.name, "service.upgrade_confirmed", service_job_key(name), "data of " + taken->before);
    co_return result<>();
}

task<result<job_id>> upgrades::roll_back(identity who, std::string name, std::string confirm) {
    auto s = co_await services(platform_).authorize(who, name);
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    const auto kept = co_await p.db.read([&](SQLite::Database& db) { return store::find_upgrade(db, s->id); });
    if (!kept || kept->state != upgrade_state::kept) co_return nothing_kept(name);
    if (confirm != name)
        co_return fail(errc::invalid, "confirm_mismatch",
                       "what was written to " + name + " since its upgrade at " + to_rfc3339(kept->created) +
                           " is lost for good; confirm with its name: " + name);
    job description{.kind = "service-rollback", .key = service_job_key(name), .input = "{}", .user = who.name};
    auto run = [&p, id = s->id](job_context& job) { return run_return(p, id, job); };
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

}  // namespace gasper::control
