#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

std::string failing(const store::webhook& w) {
    return w.failures == 0 ? w.last_error : fmt::format("failed {} times: {}", w.failures, w.last_error);
}

}  // namespace

task<result<>> run_notifications(command_call& call) {
    auto all = co_await call.platform.webhooks().list(call.who, call.app);
    if (!all) co_return all.error();
    std::erase_if(*all, [](const auto& w) { return !control::is_mail(w); });
    if (call.json) {
        call.print(json_text(control::as_json(*all)));
        co_return result<>{};
    }
    if (all->empty()) call.print("Nobody gets mail of " + call.app + ".\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& w : *all)
        rows.push_back(
            {std::to_string(w.id), w.url.substr(control::webhooks::mail_scheme.size()), w.actions, failing(w)});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_notifications_add(command_call& call) {
    const auto events = call.has("events") ? call.options["events"] : std::string();
    const auto address = std::string(control::webhooks::mail_scheme) + call.arguments[0];
    auto made = co_await call.platform.webhooks().add(call.who, call.app, address, events);
    if (!made) co_return made.error();
    call.print(call.json
                   ? json_text(control::as_json(*made))
                   : fmt::format("{} gets mail of {} ({}).\n", call.arguments[0], made->hook.actions, made->hook.id));
    co_return result<>{};
}

task<result<>> run_webhooks(command_call& call) {
    auto hooks = co_await call.platform.webhooks().list(call.who, call.app);
    if (!hooks) co_return hooks.error();
    std::erase_if(*hooks, control::is_mail);
    if (call.json) {
        call.print(json_text(control::as_json(*hooks)));
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
        call.print(json_text(control::as_json(*made)));
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
    call.print(call.json ? json_text(nlohmann::json{{"removed", *id}}) : fmt::format("Removed webhook {}.\n", *id));
    co_return result<>{};
}

}  // namespace gasper::receiver
