#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"

namespace gasper::web::handlers {

namespace {

nlohmann::json view(const store::webhook& w) {
    return {{"id", w.id},
            {"url", w.url},
            {"events", w.actions},
            {"failures", w.failures},
            {"last_error", w.last_error},
            {"created", to_rfc3339(w.created)}};
}

bool is_mail(const store::webhook& w) {
    return w.url.starts_with(control::webhooks::mail_scheme);
}

nlohmann::json notification_view(const store::webhook& w) {
    auto out = view(w);
    out.erase("url");
    out["address"] = w.url.substr(control::webhooks::mail_scheme.size());
    return out;
}

}  // namespace

task<result<response>> list_notifications(services& s, call c) {
    auto all = co_await s.platform.webhooks().list(c.who, c.text("app"));
    if (!all) co_return all.error();
    auto out = nlohmann::json::array();
    for (const auto& w : *all)
        if (is_mail(w)) out.push_back(notification_view(w));
    co_return json_response(200, out);
}

task<result<response>> add_notification(services& s, call c) {
    const auto address = std::string(control::webhooks::mail_scheme) + c.body.at("address").get<std::string>();
    const auto events = c.body.value("events", "");
    auto made = co_await s.platform.webhooks().add(c.who, c.text("app"), address, events);
    if (!made) co_return made.error();
    made->hook.created = now();
    auto out = json_response(201, notification_view(made->hook));
    out.fields.set("Location", "/api/v1/apps/" + c.text("app") + "/notifications/" + std::to_string(made->hook.id));
    co_return out;
}

task<result<response>> list_webhooks(services& s, call c) {
    auto hooks = co_await s.platform.webhooks().list(c.who, c.text("app"));
    if (!hooks) co_return hooks.error();
    auto out = nlohmann::json::array();
    for (const auto& w : *hooks)
        if (!is_mail(w)) out.push_back(view(w));
    co_return json_response(200, out);
}

task<result<response>> add_webhook(services& s, call c) {
    const auto url = c.body.at("url").get<std::string>();
    const auto events = c.body.value("events", "");
    auto made = co_await s.platform.webhooks().add(c.who, c.text("app"), url, events);
    if (!made) co_return made.error();
    auto body = view(made->hook);
    body["created"] = to_rfc3339(now());
    body["secret"] = made->secret;
    auto out = json_response(201, body);
    out.fields.set("Location", "/api/v1/apps/" + c.text("app") + "/webhooks/" + std::to_string(made->hook.id));
    co_return out;
}

task<result<response>> remove_webhook(services& s, call c) {
    auto removed = co_await s.platform.webhooks().remove(c.who, c.text("app"), c.number("webhook"));
    if (!removed) co_return removed.error();
    co_return no_content();
}

}  // namespace gasper::web::handlers
