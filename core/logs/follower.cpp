#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include "core/logs/mailbox.hpp"

namespace gasper {

log_follower::mailbox::mailbox(asio::any_io_executor to, std::size_t line_limit, std::size_t byte_limit)
    : executor(std::move(to)), filled(executor), most_lines(line_limit), most_bytes(byte_limit) {
    filled.expires_at(asio::steady_timer::time_point::max());
}

void log_follower::mailbox::offer(std::shared_ptr<const log_entry> line) {
    bytes += line->text.size();
    waiting.push_back(std::move(line));
    while (waiting.size() > most_lines || (bytes > most_bytes && waiting.size() > 1)) {
        bytes -= waiting.front()->text.size();
        waiting.pop_front();
        ++dropped;
    }
}

void log_follower::mailbox::wake(const std::shared_ptr<mailbox>& self) {
    if (std::exchange(self->woken, true)) return;
    asio::post(self->executor, [self] { self->filled.cancel(); });
}

log_follower::~log_follower() = default;

task<log_follower::batch> log_follower::next() {
    for (;;) {
        {
            std::lock_guard lock(box_->mutex);
            box_->woken = false;
            if (!box_->waiting.empty() || box_->dropped > 0 || box_->ended) {
                batch b{{box_->waiting.begin(), box_->waiting.end()}, std::exchange(box_->dropped, 0), box_->ended};
                box_->waiting.clear();
                box_->bytes = 0;
                co_return b;
            }
        }
        boost::system::error_code woken;
        co_await box_->filled.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
            throw boost::system::system_error(asio::error::operation_aborted);
    }
}

}  // namespace gasper
