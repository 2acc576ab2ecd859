#include <fmt/format.h>

#include <charconv>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

using std::chrono::seconds;

constexpr auto default_stop = seconds(6 * 3600);

// "45s", "30m", "2h", "1d"; a number alone is seconds.
result<seconds> parse_duration(const std::string& text) {
    std::int64_t n = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    std::int64_t factor = 0;
    if (unit.empty() || unit == "s") factor = 1;
    if (unit == "m") factor = 60;
    if (unit == "h") factor = 3600;
    if (unit == "d") factor = 86400;
    if (ec != std::errc() || factor == 0 || n < 1 || n > 1'000'000)
        return fail(errc::invalid, "duration", fmt::format("'{}' is no duration; write 45s, 30m or 2h.", text));
    return seconds(n * factor);
}

task<result<>> run_maintenance(command_call& call) {
    auto r = co_await call.platform.routings().show(call.who, call.app);
    if (!r) co_return r.error();
    if (call.json)
        call.print(json_text(control::maintenance_json(*r)));
    else
        call.print(r->maintenance ? "on\n" : "off\n");
    co_return result<>{};
}

task<result<>> maintain(command_call& call, bool on, std::string page) {
    auto done = co_await call.platform.routings().maintain(call.who, call.app, on, std::move(page));
    if (!done) co_return done.error();
    if (call.json) co_return co_await run_maintenance(call);
    call.print(fmt::format("{} maintenance mode for {}... done\n", on ? "Enabling" : "Disabling", call.app));
    co_return result<>{};
}

task<result<>> run_maintenance_on(command_call& call) {
    if (call.has("page") && call.input.empty())
        co_return fail(errc::invalid, "page_missing",
                       "no page came: ssh gasper@host maintenance:on APP --page < page.html");
    co_return co_await maintain(call, true, call.input);
}

task<result<>> run_maintenance_off(command_call& call) {
    co_return co_await maintain(call, false, {});
}

task<result<>> run_ps_autosleep(command_call& call) {
    if (!call.arguments.empty()) {
        auto after = seconds(0), stop = default_stop;
        if (call.arguments[0] != "off") {
            auto parsed = parse_duration(call.arguments[0]);
            if (!parsed) co_return parsed.error();
            after = *parsed;
        }
        if (call.has("stop")) {
            auto parsed = parse_duration(call.options["stop"]);
            if (!parsed) co_return parsed.error();
            stop = *parsed;
        }
        auto done = co_await call.platform.routings().autosleep(call.who, call.app, after, stop);
        if (!done) co_return done.error();
    }
    auto r = co_await call.platform.routings().show(call.who, call.app);
    if (!r) co_return r.error();
    if (call.json)
        call.print(json_text(control::autosleep_json(*r)));
    else if (r->sleep_after == seconds(0))
        call.print(call.app + " never sleeps.\n");
    else
        call.print(fmt::format("{} sleeps after {} s without a request, and is stopped after {} s of sleep; now: {}\n",
                               call.app, r->sleep_after.count(), r->stop_after.count(), r->sleep));
    co_return result<>{};
}

}  // namespace

std::vector<command> routing_commands() {
    return {
        {"ps:autosleep",
         "APP [DURATION|off] [--stop DURATION]",
         "freeze the app when it has had no request for so long, stop it after so much sleep; the next request wakes "
         "it",
         true,
         0,
         1,
         {{"stop", 0, true}},
         run_ps_autosleep},
        {"maintenance", "APP", "tell whether maintenance mode is on", true, 0, 0, {}, run_maintenance},
        {"maintenance:on",
         "APP [--page < page.html]",
         "answer every request with 503 and a page, the router's or your own",
         true,
         0,
         0,
         {{"page", 0, false}},
         run_maintenance_on},
        {"maintenance:off", "APP", "serve again", true, 0, 0, {}, run_maintenance_off},
    };
}

}  // namespace gasper::receiver
