// services:connect: a person or a script at a database's own console.
#include "control/services/services.hpp"
#include "core/base/deadline.hpp"
#include "receiver/sessions/converse.hpp"
#include "receiver/sessions/sessions.hpp"
#include "receiver/ssh/hop.hpp"

namespace gasper::receiver {

std::optional<command_arguments> sessions::console_command(const std::vector<std::string>& words) {
    if (words.empty() || words.front() != "services:connect") return std::nullopt;
    auto typed = parse_arguments(*find_command(words.front()), {words.begin() + 1, words.end()});
    if (!typed || typed->has("help") || typed->json) return std::nullopt;
    return std::move(*typed);
}

task<int> sessions::console(channel& client, session_request request, command_arguments typed) {
    const auto size = request.terminal.value_or(terminal_size{});
    control::console_request wanted;
    wanted.service = typed.arguments[0];
    wanted.terminal = request.terminal.has_value();
    wanted.columns = size.columns;
    wanted.rows = size.rows;
    wanted.term = request.term;
    control::services databases(platform_);
    auto opening = databases.open_console(request.who, std::move(wanted));
    auto made = co_await hop(control_, std::move(opening));
    if (!made) co_return co_await complain(client, made.error().message);
    // A script's output is the console's alone.
    if (request.terminal) {
        auto said = "-----> " + typed.arguments[0] + ": " + made->what + "\r\n";
        co_await client.write_error(std::move(said));
    }
    auto whole = converse(client, std::move(made->streams), size, control_);
    auto ended = co_await with_deadline(std::move(whole), deadline::after(std::chrono::hours(24)), "the console");
    if (ended) co_return *ended;
    co_return co_await complain(client, ended.error().message);
}

}  // namespace gasper::receiver
