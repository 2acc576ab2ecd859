#include "receiver/ssh/channel.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include "receiver/ssh/connection.hpp"

namespace gasper::receiver {

namespace {
constexpr std::size_t piece = 65536;
}

channel::channel(connection& owner, ssh_channel handle, asio::any_io_executor executor)
    : connection_(owner), handle_(handle), changed_(std::move(executor)) {
    changed_.expires_at(asio::steady_timer::time_point::max());
    ssh_callbacks_init(&callbacks_);
    callbacks_.userdata = this;
    callbacks_.channel_close_function = [](ssh_session, ssh_channel, void* self) {
        static_cast<channel*>(self)->remote_closed_ = true;
    };
    ssh_set_channel_callbacks(handle_, &callbacks_);
}

channel::~channel() {
    ssh_remove_channel_callbacks(handle_, &callbacks_);
    ssh_channel_free(handle_);
}

task<std::string> channel::read() {
    std::string bytes(piece, '\0');
    for (;;) {
        const auto before = connection_.received();
        const int n = ssh_channel_read_nonblocking(handle_, bytes.data(), static_cast<std::uint32_t>(bytes.size()), 0);
        if (n > 0) bytes.resize(static_cast<std::size_t>(n));
        connection_.drive();
        if (n > 0) co_return bytes;
        if (n == 0 && connection_.received() != before) {
            co_await others();
            continue;
        }
        if (n == SSH_EOF || (n >= 0 && ssh_channel_is_eof(handle_))) co_return std::string();
        if (n == SSH_ERROR || remote_closed_ || connection_.closed()) lost();
        co_await changed();
    }
}

task<> channel::put(std::string data, bool error) {
    for (std::size_t at = 0; at < data.size();) {
        if (remote_closed_ || connection_.closed()) lost();
        if (!connection_.output_pending()) {
            const auto before = connection_.received();
            const auto size = static_cast<std::uint32_t>(std::min(piece, data.size() - at));
            const int n = error ? ssh_channel_write_stderr(handle_, data.data() + at, size)
                                : ssh_channel_write(handle_, data.data() + at, size);
            if (n > 0) at += static_cast<std::size_t>(n);
            connection_.drive();
            if (n > 0) continue;
            if (n == SSH_ERROR) lost();
            if (connection_.received() != before) {
                co_await others();
                continue;
            }
        }
        co_await changed();
    }
}

task<terminal_size> channel::next_size(terminal_size known) {
    while (!request_.terminal || *request_.terminal == known)
        co_await changed();
    co_return *request_.terminal;
}

void channel::finish(int status) {
    if (!remote_closed_ && !connection_.closed()) ssh_channel_request_send_exit_status(handle_, status);
    hang_up();
}

void channel::hang_up() {
    finished = true;
    if (remote_closed_ || connection_.closed()) return;
    ssh_channel_send_eof(handle_);
    ssh_channel_close(handle_);
    connection_.drive();
}

void channel::end_output() {
    if (remote_closed_ || connection_.closed()) return;
    ssh_channel_send_eof(handle_);
    connection_.drive();
}

task<> channel::remote_close() {
    while (!remote_closed_ && !connection_.closed())
        co_await changed();
}

// What libssh took from the socket while it was asked may be for us: whoever waited for it was woken, and we did not
// wait yet. Nothing else would tell. Not at once: a client that never pauses must not keep the thread.
task<> channel::others() {
    co_await asio::post(changed_.get_executor(), asio::use_awaitable);
}

task<> channel::changed() {
    boost::system::error_code ec;
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) lost();
}

void channel::lost() {
    throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace gasper::receiver
