#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

std::string shell_command(const std::vector<std::string>& words) {
    std::string line;
    for (const auto& word : words) {
        if (!line.empty()) line += ' ';
        if (words.size() == 1 || (!word.empty() && word.find_first_of(" \t\n'\"\\") == word.npos)) {
            line += word;
            continue;
        }
        line += '\'';
        for (const char c : word)
            line += c == '\'' ? std::string("'\\''") : std::string(1, c);
        line += '\'';
    }
    return line;
}

task<result<>> run_run(command_call& call) {
    const auto command = shell_command(call.arguments);
    auto begun = co_await call.platform.one_offs().detach(call.who, call.app, command);
    if (!begun) co_return begun.error();
    if (call.json)
        call.print(json_text(control::as_json(*begun)));
    else
        call.print(fmt::format("Running `{}` on {}... {}\nIts output: jobs:log {}\n", command, call.app, begun->name,
                               begun->job.value));
    co_return result<>{};
}

task<result<>> run_run_list(command_call& call) {
    auto running = co_await call.platform.one_offs().list(call.who, call.app);
    if (!running) co_return running.error();
    if (call.json) {
        call.print(json_text(control::as_json(*running)));
        co_return result<>{};
    }
    if (running->empty()) call.print("No one-off processes of " + call.app + " are running.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& o : *running)
        rows.push_back({o.name, o.job ? fmt::format("job {}", o.job.value) : "attached", o.user,
                        fmt::format("v{}", o.version), to_rfc3339(o.since), o.command});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_run_stop(command_call& call) {
    auto stopped = co_await call.platform.one_offs().stop(call.who, call.app, call.arguments[0]);
    if (!stopped) co_return stopped.error();
    if (call.json)
        call.print(json_text(nlohmann::json{{"stopped", call.arguments[0]}}));
    else
        call.print("Stopping " + call.arguments[0] + "... done\n");
    co_return result<>{};
}

}  // namespace gasper::receiver
