#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

using nlohmann::json;

json as_json(const store::webhook& w) {
    return {{"id", w.id},
            {"url", w.url},
            {"events", w.actions},
            {"failures", w.failures},
            {"last_error", w.last_error},
            {"created_at", to_rfc3339(w.created)}};
}

bool is_mail(const store::webhook& w) {
    return w.url.starts_with(control::webhooks::mail_scheme);
}

json as_notification(const store::webhook& w) {
    auto out = as_json(w);
    out.erase("url");
    out["address"] = w.url.substr(control::webhooks::mail_scheme.size());
    return out;
}

std::string failing(const store::webhook& w) {
    return w.failures == 0 ? "" : fmt::format("failed {} times: {}", w.failures, w.last_error);
}

}  // namespace

task<result<>> run_notifications(command_call& call) {
    auto all = co_await call.platform.webhooks().list(call.who, call.app);
    if (!all) co_return all.error();
    std::erase_if(*all, [](const auto& w) { return !is_mail(w); });
    auto out = json::array();
    std::vector<std::vector<std::string>> rows;
    for (const auto& w : *all) {
        out.push_back(as_notification(w));
        rows.push_back({std::to_string(w.id), out.back()["address"].get<std::string>(), w.actions, failing(w)});
    }
    if (!call.json && all->empty()) call.print("Nobody gets mail of " + call.app + ".\n");
    call.print(call.json ? json_text(out) : columns(rows));
    co_return result<>{};
}

task<result<>> run_notifications_add(command_call& call) {
    const auto events = call.has("events") ? call.options["events"] : std::string();
    const auto address = std::string(control::webhooks::mail_scheme) + call.arguments[0];
    auto made = co_await call.platform.webhooks().add(call.who, call.app, address, events);
    if (!made) co_return made.error();
    call.print(call.json
                   ? json_text(as_notification(made->hook))
                   : fmt::format("{} gets mail of {} ({}).\n", call.arguments[0], made->hook.actions, made->hook.id));
    co_return result<>{};
}

task<result<>> run_webhooks(command_call& call) {
    auto hooks = co_await call.platform.webhooks().list(call.who, call.app);
    if (!hooks) co_return hooks.error();
    std::erase_if(*hooks, is_mail);
    if (call.json) {
        auto all = json::array();
        for (const auto& w : *hooks)
            all.push_back(as_json(w));
        call.print(json_text(all));
        co_return result<>{};
    }
    if (hooks->empty()) call.print(call.app + " has no webhooks.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& w : *hooks)
        rows.push_back({std::to_string(w.id), w.url, w.actions, failing(w)});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_webhooks_add(command_call& call) {
    const auto events = call.has("events") ? call.options["events"] : std::string();
    auto made = co_await call.platform.webhooks().add(call.who, call.app, call.arguments[0], events);
    if (!made) co_return made.error();
    if (call.json) {
        auto out = as_json(made->hook);
        out["secret"] = made->secret;
        call.print(json_text(out));
    } else {
        call.print(fmt::format("Webhook {} gets {}.\nIts secret, shown this once: {}\n", made->hook.id,
                               made->hook.actions, made->secret));
    }
    co_return result<>{};
}

task<result<>> run_webhooks_remove(command_call& call) {
    auto id = parse_number(call.arguments[0], "The webhook", 1'000'000'000);
    if (!id) co_return id.error();
    auto removed = co_await call.platform.webhooks().remove(call.who, call.app, *id);
    if (!removed) co_return removed.error();
    call.print(call.json ? json_text(json{{"removed", *id}}) : fmt::format("Removed webhook {}.\n", *id));
    co_return result<>{};
}

}  // namespace gasper::receiver
