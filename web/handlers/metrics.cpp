#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"

namespace gasper::web::handlers {

task<result<response>> show_metrics(services& s, call c) {
    const control::metrics_query query{c.number("from", 0), c.number("to", 0), c.number("step", 0)};
    auto m = co_await s.platform.metrics().of(c.who, c.text("app"), query);
    if (!m) co_return m.error();
    co_return json_response(200, control::as_json(*m));
}

}  // namespace gasper::web::handlers
