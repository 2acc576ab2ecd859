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

}  // namespace

task<result<>> run_webhooks(command_call& call) {
    auto hooks = co_await call.platform.webhooks().list(call.who, call.app);
    if (!hooks) co_return hooks.error();
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
        rows.push_back({std::to_string(w.id), w.url, w.actions,
                        w.failures == 0 ? "" : fmt::format("failed {} times: {}", w.failures, w.last_error)});
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
