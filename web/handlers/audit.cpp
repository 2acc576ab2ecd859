#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"

namespace gasper::web::handlers {

task<result<response>> list_events(services& s, call c) {
    control::audit::query what;
    if (const auto app = c.query.find("app"); app != c.query.end()) what.app = app->second;
    what.before = c.number("before", 0);
    what.most = static_cast<int>(c.number("limit", 50));
    auto entries = co_await s.platform.audit().list(c.who, what);
    if (!entries) co_return entries.error();
    co_return json_response(200, control::as_json(*entries));
}

}  // namespace gasper::web::handlers
