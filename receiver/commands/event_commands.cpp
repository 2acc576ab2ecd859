#include <fmt/format.h>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

task<result<>> run_events(command_call& call) {
    control::audit::query what;
    if (!call.arguments.empty()) what.app = call.arguments[0];
    if (call.has("num")) {
        auto most = parse_number(call.options["num"], "-n", 1000);
        if (!most) co_return most.error();
        what.most = *most;
    }
    auto entries = co_await call.platform.audit().list(call.who, what);
    if (!entries) co_return entries.error();
    if (call.json) {
        call.print(json_text(control::as_json(*entries)));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& e : *entries)
        rows.push_back({to_rfc3339(e.at), e.user, e.action, e.app.empty() ? "-" : e.app, e.detail});
    call.print(rows.empty() ? std::string("Nothing has been changed yet.\n") : columns(rows));
    co_return result<>{};
}

}  // namespace gasper::receiver
