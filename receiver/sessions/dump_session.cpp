#include <boost/asio/experimental/awaitable_operators.hpp>
#include <nlohmann/json.hpp>

#include "control/backups/backups.hpp"
#include "core/base/deadline.hpp"
#include "receiver/commands/backup_commands.hpp"
#include "receiver/commands/handlers.hpp"
#include "receiver/sessions/converse.hpp"
#include "receiver/sessions/sessions.hpp"
#include "receiver/ssh/hop.hpp"

namespace gasper::receiver {

namespace {

using pipe_ptr = std::shared_ptr<control::dump_pipe>;
constexpr auto longest = std::chrono::hours(24);

// The job that reads is not left waiting, whatever becomes of the client.
class pipe_end {
 public:
    pipe_end(pipe_ptr pipe, asio::any_io_executor control) : pipe_(std::move(pipe)), control_(std::move(control)) {}
    pipe_end(const pipe_end&) = delete;
    pipe_end& operator=(const pipe_end&) = delete;
    ~pipe_end() {
        asio::post(control_, [pipe = std::move(pipe_)] {
            pipe->break_off(fail(errc::cancelled, "import_lost", "the client went away before the dump was whole"));
        });
    }

 private:
    pipe_ptr pipe_;
    asio::any_io_executor control_;
};

task<bool> put_into(pipe_ptr pipe, std::string bytes) {
    if (!bytes.empty()) co_return co_await pipe->put(std::move(bytes));
    pipe->end();
    co_return false;
}

// Until the dump is whole or nobody wants more of it. Does not return.
task<bool> feed(channel& client, pipe_ptr pipe, asio::any_io_executor control) {
    pipe_end at_last(pipe, control);
    for (bool wanted = true; wanted;) {
        auto bytes = co_await client.read();
        auto work = put_into(pipe, std::move(bytes));
        wanted = co_await hop(control, std::move(work));
    }
    co_await sleep_until(deadline(deadline::clock::time_point::max()));
    co_return false;
}

struct job_end {
    // No aggregate: those are destroyed twice when they pass through a co_await expression (docs/adr/0004).
    job_end() = default;
    job_end(result<job> e, std::string l) : ended(std::move(e)), lines(std::move(l)) {}

    result<job> ended;
    std::string lines;
};

task<job_end> follow(control::platform& platform, control::identity who, job_id id) {
    auto lines = std::make_shared<std::string>();
    line_sink keep = [lines](std::string_view line) {
        if (lines->size() < 1 << 20) lines->append(line).append("\n");
    };
    auto ended = co_await platform.streams().follow_job(who, id, 0, std::move(keep));
    job_end end(std::move(ended), std::move(*lines));
    co_return end;
}

task<int> report(channel& client, job_id id, bool as_json, std::string name, job_end end) {
    if (!end.ended) co_return co_await complain(client, end.ended.error().message);
    if (end.ended->state == job_state::succeeded) {
        const nlohmann::json done{{"job", id.value}, {"state", "succeeded"}};
        auto text = as_json ? json_text(done) : "Importing into " + name + "... done\n";
        co_await client.write(std::move(text));
        co_return 0;
    }
    co_await client.write_error(std::move(end.lines));
    auto reason = end.ended->reason.empty() ? std::string("It failed.") : end.ended->reason;
    co_return co_await complain(client, std::move(reason));
}

}  // namespace

task<int> sessions::import_dump(channel& client, control::identity who, command_arguments typed) {
    using namespace asio::experimental::awaitable_operators;
    auto pipe = std::make_shared<control::dump_pipe>(control_);
    const auto name = typed.arguments[0];
    const auto confirm = typed.has("confirm") ? typed.options["confirm"] : std::string();
    control::backups into(platform_);
    auto begun = co_await hop(control_, into.import_dump(who, name, confirm, pipe));
    if (!begun) co_return co_await complain(client, begun.error().message);
    auto following = hop(control_, follow(platform_, who, *begun));
    auto both = feed(client, pipe, control_) || std::move(following);
    auto ended = co_await with_deadline(std::move(both), deadline::after(longest), "the import");
    if (!ended) co_return co_await complain(client, ended.error().message);
    co_return co_await report(client, *begun, typed.json, name, std::get<1>(std::move(*ended)));
}

task<int> sessions::export_dump(channel& client, control::identity who, command_arguments typed) {
    control::backups from(platform_);
    result<std::unique_ptr<runtime::terminal>> made = fail(errc::invalid, "usage", "which?");
    if (typed.arguments.size() == 2) {
        const auto number = backup_number(typed.arguments[1]);
        if (!number) co_return co_await complain(client, number.error().message);
        made = co_await hop(control_, from.download(who, typed.arguments[0], *number));
    } else {
        made = co_await hop(control_, from.export_dump(who, typed.arguments[0]));
    }
    if (!made) co_return co_await complain(client, made.error().message);
    auto whole = converse(client, std::move(*made), terminal_size{}, control_);
    auto ended = co_await with_deadline(std::move(whole), deadline::after(longest), "the dump");
    if (ended) co_return *ended;
    co_return co_await complain(client, ended.error().message);
}

// None of these with a terminal: a dump is no text.
std::optional<command_arguments> sessions::dump_command(const session_request& request,
                                                        const std::vector<std::string>& words) {
    if (request.terminal || !moves_dump(words)) return std::nullopt;
    auto typed = parse_arguments(*find_command(words.front()), {words.begin() + 1, words.end()});
    if (!typed || typed->has("help")) return std::nullopt;
    return std::move(*typed);
}

task<int> sessions::dump(channel& client, session_request request, std::string command, command_arguments typed) {
    if (command == "services:import") co_return co_await import_dump(client, std::move(request.who), std::move(typed));
    co_return co_await export_dump(client, std::move(request.who), std::move(typed));
}

}  // namespace gasper::receiver
