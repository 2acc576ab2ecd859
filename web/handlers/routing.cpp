#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"

namespace gasper::web::handlers {

task<result<response>> show_maintenance(services& s, call c) {
    auto r = co_await s.platform.routings().show(c.who, c.text("app"));
    if (!r) co_return r.error();
    co_return json_response(200, control::maintenance_json(*r));
}

task<result<response>> set_maintenance(services& s, call c) {
    auto page = c.body.value("page", std::string());
    const bool on = c.body.at("on").get<bool>();
    auto done = co_await s.platform.routings().maintain(c.who, c.text("app"), on, std::move(page));
    if (!done) co_return done.error();
    co_return co_await show_maintenance(s, c);
}

task<result<response>> show_autosleep(services& s, call c) {
    auto r = co_await s.platform.routings().show(c.who, c.text("app"));
    if (!r) co_return r.error();
    co_return json_response(200, control::autosleep_json(*r));
}

task<result<response>> set_autosleep(services& s, call c) {
    const std::chrono::seconds after(c.body.at("after_seconds").get<std::int64_t>());
    const std::chrono::seconds stop(c.body.value("stop_after_seconds", std::int64_t{6 * 3600}));
    auto done = co_await s.platform.routings().autosleep(c.who, c.text("app"), after, stop);
    if (!done) co_return done.error();
    co_return co_await show_autosleep(s, c);
}

}  // namespace gasper::web::handlers
