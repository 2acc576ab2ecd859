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
    while (waiting_.size() >= room && !unread_)
        co_await wait();
    if (unread_) co_return false;
    if (waiting_.empty()) {
        waiting_ = std::move(piece);
    } else {
        waiting_ += piece;
    }
    if (waiting_.size() < worthwhile) co_return true;
    begun_ = true;
    changed_.cancel();
    co_return true;
}

task<bool> dump_pipe::begun() {
    while (!begun_ && !ended_)
        co_await wait();
    co_return begun_ || *ended_;
}

void dump_pipe::end() {
    if (ended_) return;
    ended_ = result<>();
    changed_.cancel();
}

void dump_pipe::break_off(error why) {
    if (ended_) return;
    ended_ = std::move(why);
    changed_.cancel();
}

task<result<std::string>> dump_pipe::take() {
    while (waiting_.size() < worthwhile && !ended_)
        co_await wait();
    if (waiting_.empty() && !*ended_) co_return ended_->error();
    changed_.cancel();
    co_return std::exchange(waiting_, {});
}

void dump_pipe::close_reader() {
    unread_ = true;
    changed_.cancel();
}

}  // namespace gasper::control
