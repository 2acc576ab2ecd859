#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <deque>

#include "core/base/deadline.hpp"
#include "receiver/commands/command.hpp"
#include "receiver/commands/words.hpp"
#include "receiver/sessions/relay.hpp"
#include "receiver/sessions/sessions.hpp"
#include "receiver/ssh/hop.hpp"

namespace gasper::receiver {

namespace {

constexpr std::size_t most_queued = 4 << 20;
constexpr std::size_t most_input = 64 << 10;

// What a command printed and the client has not taken yet. A client that does not keep up loses text, and is told.
class printer {
 public:
    printer(channel& client, bool terminal, asio::any_io_executor executor)
        : client_(client), terminal_(terminal), changed_(std::move(executor)) {
        changed_.expires_at(asio::steady_timer::time_point::max());
    }

    void put(bool error, std::string_view text) {
        if (bytes_ > most_queued) {
            dropped_ += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
            return;
        }
        queue_.push_back({error, as_shown(text)});
        bytes_ += queue_.back().text.size();
        changed_.cancel();
    }

    void close() {
        closed_ = true;
        changed_.cancel();
    }

    task<bool> run() {
        for (;;) {
            if (const auto lines = queue_.empty() ? std::exchange(dropped_, 0) : 0; lines > 0)
                put(true, complaint(std::to_string(lines) + " lines dropped: this reader is too slow."));
            if (queue_.empty() && closed_) co_return true;
            if (queue_.empty()) {
                boost::system::error_code ec;
                co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
                if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
                    throw boost::system::system_error(asio::error::operation_aborted);
                continue;
            }
            auto next = take();
            if (next.error)
                co_await client_.write_error(std::move(next.text));
            else
                co_await client_.write(std::move(next.text));
        }
    }

 private:
    struct piece {
        bool error;
        std::string text;
    };

    // Pieces of one stream go in one write.
    piece take() {
        piece whole = std::move(queue_.front());
        queue_.pop_front();
        while (!queue_.empty() && queue_.front().error == whole.error) {
            whole.text += queue_.front().text;
            queue_.pop_front();
        }
        bytes_ -= whole.text.size();
        return whole;
    }

    // The client's terminal is raw: a line begins at the left only when told to.
    std::string as_shown(std::string_view text) const {
        std::string shown;
        for (char c : text) {
            if (c == '\n' && terminal_) shown += '\r';
            shown += c;
        }
        return shown;
    }

    channel& client_;
    bool terminal_;
    std::deque<piece> queue_;
    std::size_t bytes_{0};
    bool closed_{false};
    std::uint64_t dropped_{0};  // lines
    asio::steady_timer changed_;
};

// ^C on a terminal; without one, a client that gives up closes the session.
task<int> interrupted(channel& client, bool terminal) {
    while (terminal) {
        const auto bytes = co_await client.read();
        if (bytes.empty()) break;
        if (bytes.find('\x03') != bytes.npos) co_return 130;
    }
    co_await sleep_until(deadline(deadline::clock::time_point::max()));
    co_return 1;
}

task<std::string> read_input(channel& client) {
    std::string input;
    while (input.size() <= most_input) {
        const auto bytes = co_await client.read();
        if (bytes.empty()) break;
        input += bytes;
    }
    co_return input;
}

task<int> print_to_end(printer& to, task<int> work) {
    const int status = co_await std::move(work);
    to.close();
    co_return status;
}

task<int> complain(channel& client, std::string message, int status) {
    co_await client.write_error(complaint(message));
    co_return status;
}

// `run` of a command that a person stays with: it has streams of its own. What it refuses, and help, are said as any
// command's.
std::optional<command_arguments> attached_run(const std::vector<std::string>& words) {
    if (words.empty() || words.front() != "run") return std::nullopt;
    auto typed = parse_arguments(*find_command("run"), {words.begin() + 1, words.end()});
    if (!typed || typed->has("help") || typed->has("detached") || typed->json) return std::nullopt;
    return std::move(*typed);
}

}  // namespace

std::string complaint(std::string_view message) {
    return " !     " + std::string(message) + "\n";
}

task<int> sessions::command(channel& client, session_request request) {
    using namespace asio::experimental::awaitable_operators;
    auto words = split_words(request.command.value_or("help"));
    if (!words) co_return co_await complain(client, words.error().message, 2);
    if (auto run = attached_run(*words)) co_return co_await this->run(client, std::move(request), std::move(*run));
    if (auto typed = dump_command(request, *words))
        co_return co_await dump(client, std::move(request), words->front(), std::move(*typed));
    std::string input;
    if (reads_input(*words) && !request.terminal) {
        auto got = co_await with_deadline(read_input(client), deadline::after(std::chrono::seconds(60)), "the input");
        if (!got) co_return co_await complain(client, got.error().message, 1);
        if (got->size() > most_input) co_return co_await complain(client, "the input is too long", 1);
        input = std::move(*got);
    }
    auto executor = co_await asio::this_coro::executor;
    printer out(client, request.terminal.has_value(), executor);
    relay standard(executor, [&out](std::string_view text) { out.put(false, text); });
    relay errors(executor, [&out](std::string_view text) { out.put(true, text); });
    command_output output{standard.sink(), errors.sink()};
    auto work = run_command(platform_, request.who, std::move(*words), std::move(input), std::move(output));
    auto there = hop(control_, std::move(work));
    auto all = (print_to_end(out, std::move(there)) && out.run()) || interrupted(client, request.terminal.has_value());
    auto ended = co_await with_deadline(std::move(all), deadline::after(options_.command_time), "the command");
    if (!ended) co_return co_await complain(client, ended.error().message, 1);
    if (ended->index() == 1) co_return std::get<1>(*ended);
    co_return std::get<0>(std::get<0>(*ended));
}

task<int> sessions::serve(channel& client, session_request request) {
    if (request.user == "git") co_return co_await git(client, std::move(request));
    if (request.user == "gasper") co_return co_await command(client, std::move(request));
    co_return co_await shell(client, std::move(request));
}

}  // namespace gasper::receiver
