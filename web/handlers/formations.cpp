#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"

namespace gasper::web::handlers {

task<result<response>> show_formation(services& s, call c) {
    auto all = co_await s.platform.formations().list(c.who, c.text("app"));
    if (!all) co_return all.error();
    co_return json_response(200, control::as_json(*all));
}

task<result<response>> scale_app(services& s, call c) {
    const auto quantities = c.body.get<formation>();
    auto id = co_await s.platform.formations().scale(c.who, c.text("app"), quantities);
    co_return co_await as_job(s, c.who, id);
}

task<result<response>> stop_app(services& s, call c) {
    auto id = co_await s.platform.formations().stop(c.who, c.text("app"));
    co_return co_await as_job(s, c.who, id);
}

task<result<response>> start_app(services& s, call c) {
    auto id = co_await s.platform.formations().start(c.who, c.text("app"));
    co_return co_await as_job(s, c.who, id);
}

}  // namespace gasper::web::handlers
