#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/drains/drains.hpp"
#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

task<result<>> run_drains_list(command_call& call) {
    auto all = co_await call.platform.drains().list(call.who, call.app);
    if (!all) co_return all.error();
    if (call.json) {
        call.print(json_text(control::as_json(*all)));
        co_return result<>{};
    }
    if (all->empty()) call.print("The log of " + call.app + " is sent nowhere.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& d : *all)
        rows.push_back(
            {std::to_string(d.id), d.url, d.state, d.dropped == 0 ? "" : fmt::format("{} dropped", d.dropped)});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_drains_add(command_call& call) {
    auto made = co_await call.platform.drains().add(call.who, call.app, call.arguments[0]);
    if (!made) co_return made.error();
    call.print(call.json ? json_text(control::as_json(*made))
                         : fmt::format("Drain {} sends the log of {} to {}.\n", made->id, call.app, made->url));
    co_return result<>{};
}

task<result<>> run_drains_remove(command_call& call) {
    auto id = parse_number(call.arguments[0], "The drain", 1'000'000'000);
    if (!id) co_return id.error();
    auto removed = co_await call.platform.drains().remove(call.who, call.app, *id);
    if (!removed) co_return removed.error();
    call.print(call.json ? json_text(nlohmann::json{{"removed", *id}}) : fmt::format("Removed drain {}.\n", *id));
    co_return result<>{};
}

}  // namespace gasper::receiver
