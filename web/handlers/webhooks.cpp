#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"

namespace gasper::web::handlers {

task<result<response>> list_notifications(services& s, call c) {
    auto all = co_await s.platform.webhooks().list(c.who, c.text("app"));
    if (!all) co_return all.error();
    std::erase_if(*all, [](const auto& w) { return !control::is_mail(w); });
    co_return json_response(200, control::as_json(*all));
}

task<result<response>> add_notification(services& s, call c) {
    const auto address = std::string(control::webhooks::mail_scheme) + c.body.at("address").get<std::string>();
    const auto events = c.body.value("events", "");
    auto made = co_await s.platform.webhooks().add(c.who, c.text("app"), address, events);
    if (!made) co_return made.error();
    auto out = json_response(201, control::as_json(*made));
    out.fields.set("Location", "/api/v1/apps/" + c.text("app") + "/notifications/" + std::to_string(made->hook.id));
    co_return out;
}

task<result<response>> list_webhooks(services& s, call c) {
    auto hooks = co_await s.platform.webhooks().list(c.who, c.text("app"));
    if (!hooks) co_return hooks.error();
    std::erase_if(*hooks, control::is_mail);
    co_return json_response(200, control::as_json(*hooks));
}

task<result<response>> add_webhook(services& s, call c) {
    const auto url = c.body.at("url").get<std::string>();
    const auto events = c.body.value("events", "");
    auto made = co_await s.platform.webhooks().add(c.who, c.text("app"), url, events);
    if (!made) co_return made.error();
    auto out = json_response(201, control::as_json(*made));
    out.fields.set("Location", "/api/v1/apps/" + c.text("app") + "/webhooks/" + std::to_string(made->hook.id));
    co_return out;
}

task<result<response>> remove_webhook(services& s, call c) {
    auto removed = co_await s.platform.webhooks().remove(c.who, c.text("app"), c.number("webhook"));
    if (!removed) co_return removed.error();
    co_return no_content();
}

}  // namespace gasper::web::handlers
