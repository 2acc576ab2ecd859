#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "web/handlers/handlers.hpp"
#include "web/handlers/views.hpp"

namespace gasper::web::handlers {

namespace {

using nlohmann::json;

json check_view(const health_check& h) {
    using probe = health_check::probe;
    return {{"path", h.kind == probe::http ? json(h.path) : json()},
            {"command", h.kind == probe::command ? json(h.command) : json()},
            {"interval", h.interval.count()},
            {"timeout", h.timeout.count()},
            {"attempts", h.retries},
            {"start_deadline", h.start_deadline.count()}};
}

json formation_view(const control::process_view& v) {
    return {{"process", v.process},
            {"command", v.command},
            {"quantity", v.quantity},
            {"up", v.up},
            {"memory", v.rules.limit.memory_bytes},
            {"cpus", v.rules.limit.cpus},
            {"processes", v.rules.limit.processes},
            {"disk", v.rules.limit.disk_bytes},
            {"reserved_memory", v.rules.reserved_memory},
            {"reserved_cpus", v.rules.reserved_cpus},
            {"nodes", v.rules.nodes},
            {"exclusive", v.rules.exclusive},
            {"stop_timeout", v.rules.stop_timeout.count()},
            {"check", check_view(v.rules.health)}};
}

task<result<response>> job_of(services& s, control::identity who, result<job_id> id) {
    if (!id) co_return id.error();
    auto started = co_await s.platform.streams().job_info(who, *id);
    if (!started) co_return started.error();
    co_return accepted(*started);
}

}  // namespace

task<result<response>> show_formation(services& s, call c) {
    auto all = co_await s.platform.formations().list(c.who, c.text("app"));
    if (!all) co_return all.error();
    auto out = json::array();
    for (const auto& v : *all)
        out.push_back(formation_view(v));
    co_return json_response(200, out);
}

task<result<response>> scale_app(services& s, call c) {
    const auto quantities = c.body.get<formation>();
    auto id = co_await s.platform.formations().scale(c.who, c.text("app"), quantities);
    co_return co_await job_of(s, c.who, id);
}

task<result<response>> stop_app(services& s, call c) {
    auto id = co_await s.platform.formations().stop(c.who, c.text("app"));
    co_return co_await job_of(s, c.who, id);
}

task<result<response>> start_app(services& s, call c) {
    auto id = co_await s.platform.formations().start(c.who, c.text("app"));
    co_return co_await job_of(s, c.who, id);
}

}  // namespace gasper::web::handlers
