#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

std::string line(std::string_view name, std::string_view value) {
    return fmt::format("{:<12}{}\n", name, value);
}

}  // namespace

std::string columns(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (widths.size() <= i) widths.push_back(0);
            widths[i] = std::max(widths[i], row[i].size());
        }
    std::string out;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            out += i + 1 == row.size() ? row[i] : fmt::format("{:<{}}", row[i], widths[i] + 2);
        out += '\n';
    }
    return out;
}

result<int> parse_number(const std::string& text, const std::string& what, int most) {
    int value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size() || value < 1 || value > most)
        return fail(errc::invalid, "number", fmt::format("{} must be a number from 1 to {}.", what, most));
    return value;
}

task<result<>> run_apps_create(command_call& call) {
    auto made = co_await call.platform.apps().create(call.who, call.arguments[0]);
    if (!made) co_return made.error();
    if (call.json)
        call.print(json_text(control::as_json(*made)));
    else
        call.print(fmt::format("Creating {}... done\n{} | {}\n", made->info.name,
                               made->urls.empty() ? "" : made->urls.front(), made->git_url));
    co_return result<>{};
}

task<result<>> run_apps_list(command_call& call) {
    auto apps = co_await call.platform.apps().list(call.who);
    if (!apps) co_return apps.error();
    if (call.json) {
        call.print(json_text(control::as_json(*apps)));
        co_return result<>{};
    }
    if (apps->empty()) call.print("You have no apps.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& a : *apps)
        rows.push_back({a.info.name, a.state, a.version > 0 ? fmt::format("v{}", a.version) : "-",
                        a.urls.empty() ? "" : a.urls.front()});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_apps_info(command_call& call) {
    auto a = co_await call.platform.apps().info(call.who, call.app);
    if (!a) co_return a.error();
    if (call.json) {
        call.print(json_text(control::as_json(*a)));
        co_return result<>{};
    }
    std::string out = "=== " + a->info.name + "\n" + line("State:", a->state);
    if (a->version > 0) out += line("Release:", fmt::format("v{}", a->version));
    if (!a->info.language.empty()) out += line("Language:", a->info.language);
    for (const auto& url : a->urls)
        out += line("Web URL:", url);
    out += line("Git URL:", a->git_url);
    auto routed = co_await call.platform.routings().show(call.who, call.app);
    if (routed && routed->maintenance) out += line("Maintenance:", routed->page.empty() ? "on" : "on, with a page");
    if (routed && routed->sleep_after.count() > 0)
        out += line("Autosleep:", fmt::format("after {} s, {}", routed->sleep_after.count(), routed->sleep));
    for (const auto& [process, count] : a->info.wanted)
        out += line("Dynos:", fmt::format("{}: {}", process, count));
    call.print(out + line("Created:", to_rfc3339(a->info.created)));
    co_return result<>{};
}

task<result<>> run_apps_destroy(command_call& call) {
    if (!call.has("confirm"))
        co_return fail(
            errc::invalid, "confirm",
            fmt::format("This removes {0} with its releases and data for good. Say so: apps:destroy {0} --confirm {0}",
                        call.app));
    auto done =
        co_await call.platform.apps().destroy(call.who, call.app, call.options["confirm"], call.has("with-volumes"));
    if (!done) co_return done.error();
    if (call.json)
        call.print(json_text(nlohmann::json{{"destroyed", call.app}}));
    else
        call.print("Destroying " + call.app + "... done\n");
    co_return result<>{};
}

task<result<>> run_ps(command_call& call) {
    auto instances = co_await call.platform.apps().ps(call.who, call.app);
    if (!instances) co_return instances.error();
    if (call.json) {
        call.print(json_text(control::as_json(*instances)));
        co_return result<>{};
    }
    if (instances->empty()) call.print("No instances of " + call.app + " are running.\n");
    for (const auto& i : *instances)
        call.print(fmt::format("{}: {} since {} (v{}, {})  {}\n", i.name, i.state, to_rfc3339(i.since), i.version,
                               i.node, i.command));
    auto scaled = co_await call.platform.autoscaling().list(call.who, call.app);
    if (!scaled) co_return scaled.error();
    for (const auto& v : *scaled)
        call.print(fmt::format("{}: autoscaled, {}\n", v.process, in_words(v.rule)));
    co_return result<>{};
}

task<result<>> run_ps_restart(command_call& call) {
    if (!call.json) call.print("Restarting " + call.app + "... ");
    auto id = co_await call.platform.apps().restart(call.who, call.app);
    if (!id) co_return id.error();
    auto done = co_await finish_job(call, *id);
    if (!done) co_return done.error();
    call.print(call.json ? json_text(nlohmann::json{{"job", id->value}, {"state", "succeeded"}})
                         : std::string("done\n"));
    co_return result<>{};
}

task<result<>> run_logs(command_call& call) {
    control::log_query query;
    query.follow = call.has("tail");
    if (call.has("num")) {
        auto lines = parse_number(call.options["num"], "-n", 10'000);
        if (!lines) co_return lines.error();
        query.lines = *lines;
    }
    for (const auto& [option, to] :
         {std::pair{"ps", &query.filter.process}, {"source", &query.filter.source}, {"grep", &query.filter.text}})
        if (call.has(option)) *to = call.options[option];
    for (const auto& [option, to] : {std::pair{"since", &query.filter.since}, {"until", &query.filter.until}}) {
        if (!call.has(option)) continue;
        auto at = control::parse_log_time(call.options[option], log_now());
        if (!at) co_return at.error();
        *to = *at;
    }
    control::log_sink sink = [out = call.output.out, as_json_lines = call.json](const log_entry& line) {
        out(as_json_lines ? json_line(control::as_json(line)) : control::to_line(line) + "\n");
    };
    co_return co_await call.platform.streams().logs(call.who, call.app, query, std::move(sink));
}

}  // namespace gasper::receiver
