#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

result<int> number_of(const std::string& text) {
    return parse_number(text, "A cron entry", 2'000'000'000);
}

struct cron_words {
    std::string schedule;
    std::vector<std::string> command;
};

// The schedule is one word ("@daily", or quoted), or five.
result<cron_words> split(const std::vector<std::string>& words) {
    const auto& first = words.front();
    const std::size_t fields = first.starts_with('@') || first.find(' ') != first.npos ? 1 : 5;
    if (words.size() <= fields)
        return fail(errc::invalid, "usage", "Say when and what: cron:add APP '30 2 * * *' COMMAND...");
    cron_words out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i >= fields)
            out.command.push_back(words[i]);
        else
            out.schedule += (i == 0 ? "" : " ") + words[i];
    }
    return out;
}

}  // namespace

task<result<>> run_cron_list(command_call& call) {
    auto entries = co_await call.platform.cron().list(call.who, call.app);
    if (!entries) co_return entries.error();
    if (call.json) {
        call.print(json_text(control::as_json(*entries)));
        co_return result<>{};
    }
    if (entries->empty()) call.print(call.app + " has no cron entries.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& v : *entries)
        rows.push_back({std::to_string(v.entry.id.value), v.entry.line.schedule, v.entry.line.zone,
                        v.next ? "next " + to_rfc3339(*v.next) : "never", v.last ? v.last->outcome : "-",
                        v.entry.line.command});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_cron_add(command_call& call) {
    auto words = split(call.arguments);
    if (!words) co_return words.error();
    cron_line line{.schedule = words->schedule, .command = shell_command(words->command)};
    if (call.has("timezone")) line.zone = call.options["timezone"];
    if (call.has("concurrency")) {
        const auto overlap = cron_overlap_of(call.options["concurrency"]);
        if (!overlap)
            co_return fail(errc::invalid, "concurrency_invalid", "--concurrency is allow, forbid or replace.");
        line.overlap = *overlap;
    }
    auto made = co_await call.platform.cron().add(call.who, call.app, std::move(line));
    if (!made) co_return made.error();
    if (call.json)
        call.print(json_text(control::as_json(*made)));
    else
        call.print(fmt::format("Adding cron entry {}... done, next {}\n", made->entry.id.value,
                               made->next ? to_rfc3339(*made->next) : "never"));
    co_return result<>{};
}

task<result<>> run_cron_remove(command_call& call) {
    auto id = number_of(call.arguments[0]);
    if (!id) co_return id.error();
    auto removed = co_await call.platform.cron().remove(call.who, call.app, *id);
    if (!removed) co_return removed.error();
    if (call.json)
        call.print(json_text(nlohmann::json{{"removed", *id}}));
    else
        call.print(fmt::format("Removing cron entry {}... done\n", *id));
    co_return result<>{};
}

task<result<>> run_cron_run(command_call& call) {
    auto id = number_of(call.arguments[0]);
    if (!id) co_return id.error();
    auto begun = co_await call.platform.cron().run(call.who, call.app, *id);
    if (!begun) co_return begun.error();
    if (call.json)
        call.print(json_text(nlohmann::json{{"job", begun->value}}));
    else
        call.print(fmt::format("Running cron entry {}... job {}\n", *id, begun->value));
    co_return result<>{};
}

task<result<>> run_cron_history(command_call& call) {
    auto id = number_of(call.arguments[0]);
    if (!id) co_return id.error();
    auto runs = co_await call.platform.cron().history(call.who, call.app, *id);
    if (!runs) co_return runs.error();
    if (call.json) {
        call.print(json_text(control::as_json(*runs)));
        co_return result<>{};
    }
    if (runs->empty()) call.print("It has not run yet.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& r : *runs)
        rows.push_back({to_rfc3339(r.scheduled), r.outcome, r.job ? fmt::format("job {}", r.job.value) : "-"});
    call.print(columns(rows));
    co_return result<>{};
}

}  // namespace gasper::receiver
