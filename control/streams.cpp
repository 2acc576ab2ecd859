#include "control/streams.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "control/awake.hpp"
#include "control/parts.hpp"
#include "control/platform.hpp"
#include "control/services/service_jobs.hpp"
#include "control/services/services.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

const runtime::observed_instance* first_up(const std::vector<runtime::observed_instance>& instances) {
    const runtime::observed_instance* any = nullptr;
    for (const auto& i : instances) {
        if (i.state != instance_state::up) continue;
        if (i.process == "web") return &i;
        any = any ? any : &i;
    }
    return any;
}

// A service's job outlives the service: then it is its user's still.
task<bool> may_see(platform& in, identity who, job j) {
    const std::string key = j.app();
    if (!key.starts_with(service_job_prefix)) {
        auto a = co_await in.apps().authorize(who, key);
        co_return a.has_value();
    }
    if (who.admin || j.user == who.name) co_return true;
    auto s = co_await services(in).authorize(who, key.substr(service_job_prefix.size()));
    co_return s.has_value();
}

}  // namespace

task<result<job>> streams::job_info(identity who, job_id id) {
    auto found = co_await platform_.shared().jobs.info(id);
    if (!found) co_return found.error();
    const bool allowed = co_await may_see(platform_, who, *found);
    if (!allowed) co_return fail(errc::not_found, "job_not_found", "there is no job " + std::to_string(id.value));
    co_return found;
}

task<result<job>> streams::follow_job(identity who, job_id id, std::size_t from, line_sink sink) {
    auto allowed = co_await job_info(who, id);
    if (!allowed) co_return allowed.error();
    auto log = co_await platform_.shared().jobs.log_of(id);
    if (!log) co_return log.error();
    for (auto at = from;;) {
        const auto lines = co_await (*log)->read(at);
        if (lines.empty()) break;
        for (const auto& line : lines)
            sink(line);
        at += lines.size();
    }
    co_return co_await platform_.shared().jobs.info(id);
}

task<result<>> streams::logs(identity who, std::string name, log_query query, log_sink sink) {
    auto found = co_await platform_.apps().authorize(who, name);
    if (!found) co_return found.error();
    co_return co_await show_log(platform_.shared().logs->store(), name, std::move(query), std::move(sink));
}

task<result<std::unique_ptr<runtime::terminal>>> streams::exec(identity who, exec_request request) {
    auto found = co_await platform_.apps().authorize(who, request.app);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    auto awake = co_await keep_awake(p, found->id, request.app, who.name + " (shell)");
    co_await wait_risen(p, request.app);
    const auto instances = p.running.of(request.app);
    const auto* in = first_up(instances);
    if (!in)
        co_return fail(errc::conflict, "app_not_running", request.app + " has no running instance; see ps and logs");
    runtime::exec_options how{.command = std::move(request.command),
                              .terminal = request.terminal,
                              .columns = request.columns,
                              .rows = request.rows};
    if (how.command.empty()) how.command = {"/bin/sh", "-c", "command -v bash >/dev/null && exec bash; exec sh"};
    if (how.terminal) how.env["TERM"] = request.term;
    auto opened = co_await p.cluster.exec(in->container, std::move(how));
    if (!opened) co_return opened.error();
    co_return keep_awake_while(std::move(*opened), std::move(awake));
}

}  // namespace gasper::control
