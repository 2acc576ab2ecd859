#include "control/backups/dump_pipe.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

namespace gasper::control {

task<> dump_pipe::wait() {
    boost::system::error_code woken;
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
}

task<bool> dump_pipe::put(std::string piece) {
    while (full_ && !unread_)
        co_await wait();
    if (unread_) co_return false;
    piece_ = std::move(piece);
    full_ = true;
    changed_.cancel();
    co_return true;
}

void dump_pipe::end(bool whole) {
    if (std::exchange(ended_, true)) return;
    whole_ = whole;
    changed_.cancel();
}

task<result<std::string>> dump_pipe::take() {
    while (!full_ && !ended_)
        co_await wait();
    if (full_) {
        full_ = false;
        changed_.cancel();
        co_return std::exchange(piece_, {});
    }
    if (whole_) co_return std::string();
    co_return fail(errc::cancelled, "import_lost", "the client went away before the dump was whole");
}

void dump_pipe::close_reader() {
    unread_ = true;
    changed_.cancel();
}

}  // namespace gasper::control
