#include "receiver/git/progress.hpp"

#include <boost/system/system_error.hpp>

#include "receiver/git/pkt_line.hpp"

namespace gasper::receiver {

namespace {
constexpr std::size_t most_queued = 4 << 20;
}

progress::progress(client_stream& client, bool side_band, std::chrono::seconds keep_alive,
                   asio::any_io_executor executor)
    : client_(client), side_band_(side_band), keep_alive_(keep_alive), changed_(std::move(executor)) {}

void progress::say(std::string_view line) {
    if (!side_band_ || closed_ || queue_.size() > most_queued) return;
    append_band(queue_, band::progress, std::string(line) + "\n");
    changed_.cancel();
}

void progress::close() {
    closed_ = true;
    changed_.cancel();
}

task<bool> progress::run() {
    for (;;) {
        if (!queue_.empty()) {
            co_await client_.write(std::exchange(queue_, {}));
            continue;
        }
        if (closed_) co_return true;
        changed_.expires_after(keep_alive_);
        boost::system::error_code ec;
        co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
            throw boost::system::system_error(asio::error::operation_aborted);
        if (!ec && side_band_ && queue_.empty()) append_band(queue_, band::progress, {});
    }
}

}  // namespace gasper::receiver
