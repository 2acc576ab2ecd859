#include "receiver/git/upload_pack.hpp"

#include <signal.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include "core/base/child_process.hpp"
#include "receiver/git/git_process.hpp"

namespace gasper::receiver {

namespace {

[[noreturn]] void throw_aborted() {
    throw boost::system::system_error(asio::error::operation_aborted);
}

// Never returns by itself: the child's end ends the session.
task<bool> feed(client_stream& client, child_process& child) {
    for (bool open = true; open;) {
        auto bytes = co_await client.read();
        if (bytes.empty()) break;
        boost::system::error_code ec;
        co_await asio::async_write(child.input(), asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::operation_aborted) throw_aborted();
        open = !ec;
    }
    child.close_input();
    co_await sleep_until(deadline(deadline::clock::time_point::max()));
    co_return true;
}

task<bool> hand_back(client_stream& client, child_process::pipe& from, bool error) {
    std::string buffer(65536, '\0');
    for (;;) {
        boost::system::error_code ec;
        const auto n =
            co_await from.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::operation_aborted) throw_aborted();
        if (ec) co_return true;
        if (error)
            co_await client.write_error(buffer.substr(0, n));
        else
            co_await client.write(buffer.substr(0, n));
    }
}

task<> pass_on(client_stream& client, child_process& child) {
    using namespace asio::experimental::awaitable_operators;
    co_await (feed(client, child) ||
              (hand_back(client, child.output(), false) && hand_back(client, child.error(), true)));
}

}  // namespace

task<int> run_upload_pack(client_stream& client, std::filesystem::path repository, std::string protocol,
                          deadline until) {
    child_options options;
    options.argv = {"git", "upload-pack", "--strict", "--timeout=300", repository.string()};
    options.env = git_environment(repository);
    if (!protocol.empty()) options.env->insert_or_assign("GIT_PROTOCOL", protocol);
    options.pipe_input = options.pipe_output = options.pipe_error = true;
    auto started = child_process::start(co_await asio::this_coro::executor, std::move(options));
    if (!started) {
        co_await client.write_error("fatal: " + started.error().message + "\n");
        co_return 128;
    }
    auto child = std::move(*started);
    if (!co_await finishes_before(pass_on(client, child), until)) child.kill(SIGKILL);
    auto status = co_await child.wait(until.sooner(std::chrono::seconds(10)));
    co_return status ? *status : 128;
}

}  // namespace gasper::receiver
