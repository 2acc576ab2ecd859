#include <boost/asio/experimental/awaitable_operators.hpp>

#include "core/base/deadline.hpp"
#include "receiver/commands/handlers.hpp"
#include "receiver/sessions/converse.hpp"
#include "receiver/sessions/sessions.hpp"
#include "receiver/ssh/hop.hpp"
#include "runtime/terminal.hpp"

namespace gasper::receiver {

namespace {

using terminal_ptr = std::shared_ptr<runtime::terminal>;

// The terminal belongs to control's executor, and goes away there.
terminal_ptr share(std::unique_ptr<runtime::terminal> terminal, asio::any_io_executor control) {
    auto release = [control](runtime::terminal* t) {
        asio::post(control, [owner = std::unique_ptr<runtime::terminal>(t)] {});
    };
    return {terminal.release(), release};
}

struct shell_pipes {
    channel& client;
    terminal_ptr terminal;
    asio::any_io_executor control;
};

task<int> output(shell_pipes& pipes) {
    for (;;) {
        auto got = co_await hop(pipes.control, pipes.terminal->read());
        if (!got) {
            co_await pipes.client.write_error(complaint(got.error().message));
            co_return 1;
        }
        if (got->data.empty()) break;
        if (got->error)
            co_await pipes.client.write_error(std::move(got->data));
        else
            co_await pipes.client.write(std::move(got->data));
    }
    auto status = co_await hop(pipes.control, pipes.terminal->exit_status());
    co_return status ? *status : 1;
}

// Neither of these returns: the end of the output ends the session.
task<int> input(shell_pipes& pipes) {
    for (;;) {
        auto bytes = co_await pipes.client.read();
        const bool ended = bytes.empty();
        auto work = ended ? pipes.terminal->close_input() : pipes.terminal->write(std::move(bytes));
        auto taken = co_await hop(pipes.control, std::move(work));
        if (ended || !taken) break;
    }
    co_await sleep_until(deadline(deadline::clock::time_point::max()));
    co_return 0;
}

task<int> resizes(shell_pipes& pipes, terminal_size known) {
    for (;;) {
        known = co_await pipes.client.next_size(known);
        auto taken = co_await hop(pipes.control, pipes.terminal->resize(known.columns, known.rows));
        (void)taken;  // a container that is gone ends the output too
    }
}

}  // namespace

task<int> converse(channel& client, std::unique_ptr<runtime::terminal> terminal, terminal_size size,
                   asio::any_io_executor control) {
    using namespace asio::experimental::awaitable_operators;
    shell_pipes pipes{client, share(std::move(terminal), control), control};
    auto ended = co_await (output(pipes) || input(pipes) || resizes(pipes, size));
    co_return std::get<0>(ended);
}

task<int> sessions::shell(channel& client, session_request request) {
    control::exec_request exec;
    exec.app = request.user;
    // As sshd does: one string for the shell.
    if (request.command) exec.command = {"/bin/sh", "-c", *request.command};
    exec.terminal = request.terminal.has_value();
    const auto size = request.terminal.value_or(terminal_size{});
    exec.columns = size.columns;
    exec.rows = size.rows;
    exec.term = request.term;
    auto made = co_await hop(control_, platform_.streams().exec(request.who, exec));
    if (!made) {
        co_await client.write_error(complaint(made.error().message));
        co_return 1;
    }
    co_return co_await converse(client, std::move(*made), size, control_);
}

task<int> sessions::run(channel& client, session_request request, command_arguments typed) {
    const auto size = request.terminal.value_or(terminal_size{});
    control::run_request wanted{.app = typed.app,
                                .command = shell_command(typed.arguments),
                                .terminal = request.terminal.has_value(),
                                .columns = size.columns,
                                .rows = size.rows,
                                .term = request.term};
    auto opening = platform_.one_offs().attach(request.who, std::move(wanted));
    auto made = co_await hop(control_, std::move(opening));
    if (!made) {
        co_await client.write_error(complaint(made.error().message));
        co_return 1;
    }
    auto whole = converse(client, std::move(*made), size, control_);
    auto ended = co_await with_deadline(std::move(whole), deadline::after(std::chrono::hours(24)), "the command");
    if (ended) co_return *ended;
    co_await client.write_error(complaint(ended.error().message));
    co_return 1;
}

}  // namespace gasper::receiver
