#include "control/upgrades/walls.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <set>

#include "control/services/lifecycle.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

task<std::set<std::string>> apps_of(parts& p, service_id id) {
    const auto all = co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, id); });
    std::set<std::string> names;
    for (const auto& a : all)
        names.insert(a.app_name);
    co_return names;
}

// There is no such network, or the service is not in it.
bool is_apart(const error& e) {
    return e.kind == errc::not_found || e.message.find("is not connected") != std::string::npos;
}

}  // namespace

task<result<>> wall_off(parts& p, service s, job_context& job) {
    auto spec = co_await service_spec_of(p, s, job.sink(), deadline::after(p.settings.build_deadline));
    if (!spec) co_return spec.error();
    p.doors.close(s.name);
    p.tunnels.end_all(s.name);
    auto stopped = co_await stop_service(p, s);
    if (!stopped) co_return stopped;
    for (const auto& app : co_await apps_of(p, s.id)) {
        auto left = co_await p.services.leave(s.name, app, deadline::after(seconds(30)));
        if (!left && !is_apart(left.error())) co_return left;
    }
    spec->apps.clear();
    auto up = co_await start_server(p, std::move(*spec), deadline::after(kind_of(s).start_timeout));
    if (!up) co_return up.error();
    p.service_servers.running[s.name] = *up;
    co_return result<>();
}

task<> let_in(parts& p, service s) {
    result<> done;
    if (p.service_servers.find(s.name)) {
        for (const auto& app : co_await apps_of(p, s.id)) {
            auto joined = co_await p.services.join(s.name, app, deadline::after(seconds(30)));
            if (!joined) done = joined;
        }
    } else if (!s.stopped) {
        line_sink nobody;
        done = co_await start_service(p, s, std::move(nobody), deadline::after(kind_of(s).start_timeout));
    }
    if (!done) p.log.error("not every app reaches a service", {{"service", s.name}, {"reason", done.error().message}});
}

}  // namespace gasper::control
