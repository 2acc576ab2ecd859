#include "control/drains/drains.hpp"

#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"

namespace gasper::web::handlers {

task<result<response>> list_drains(services& s, call c) {
    auto all = co_await s.platform.drains().list(c.who, c.text("app"));
    if (!all) co_return all.error();
    co_return json_response(200, control::as_json(*all));
}

task<result<response>> add_drain(services& s, call c) {
    const auto url = c.body.at("url").get<std::string>();
    auto made = co_await s.platform.drains().add(c.who, c.text("app"), url);
    if (!made) co_return made.error();
    auto out = json_response(201, control::as_json(*made));
    out.fields.set("Location", "/api/v1/apps/" + c.text("app") + "/drains/" + std::to_string(made->id));
    co_return out;
}

task<result<response>> remove_drain(services& s, call c) {
    auto removed = co_await s.platform.drains().remove(c.who, c.text("app"), c.number("drain"));
    if (!removed) co_return removed.error();
    co_return no_content();
}

}  // namespace gasper::web::handlers
