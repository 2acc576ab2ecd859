// Tunnels: a client's channel and a TCP connection of ours, which hand each other every byte, and each end of a
// direction. Whoever takes nothing holds the other up, and nothing else: no more than one piece is kept.
#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include "receiver/ssh/connection.hpp"

namespace gasper::receiver {

namespace {

using asio::ip::tcp;

constexpr std::size_t piece_of_tunnel = 32768;
constexpr std::size_t longest_host = 255;

task<> upward(channel& client, tcp::socket& target) {
    for (;;) {
        const auto bytes = co_await client.read();
        if (bytes.empty()) break;
        const auto all = asio::buffer(bytes);
        co_await asio::async_write(target, all, asio::use_awaitable);
    }
    boost::system::error_code ignored;
    target.shutdown(tcp::socket::shutdown_send, ignored);
}

task<> downward(tcp::socket& target, channel& client) {
    std::string room(piece_of_tunnel, '\0');
    for (;;) {
        boost::system::error_code ec;
        const auto into = asio::buffer(room);
        const auto n = co_await target.async_read_some(into, asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::eof) break;
        if (ec) throw boost::system::system_error(ec);
        std::string bytes(room, 0, n);
        co_await client.write(std::move(bytes));
    }
    client.end_output();
}

// A reset, or a client that is cut off, ends both directions.
task<bool> both_ways(channel& client, tcp::socket& target) {
    using namespace asio::experimental::awaitable_operators;
    try {
        co_await (upward(client, target) && downward(target, client));
    } catch (const std::exception&) {  // of both, when one's end cancelled the other
        co_return false;
    }
    co_return true;
}

// A client that closed its channel waits for nothing more, even if the other side has nothing to say.
task<bool> closed_by_client(channel& client) {
    co_await client.remote_close();
    co_return false;
}

task<> carry(channel& client, forward_socket target) {
    using namespace asio::experimental::awaitable_operators;
    (void)co_await (both_ways(client, *target) || closed_by_client(client));
}

class counted_opening {
 public:
    explicit counted_opening(int& n) : n_(n) { ++n_; }
    ~counted_opening() { --n_; }
    counted_opening(const counted_opening&) = delete;
    counted_opening& operator=(const counted_opening&) = delete;

 private:
    int& n_;
};

}  // namespace

// What is opening counts, and what the client has not closed yet: it pays for both.
bool connection::may_forward() const {
    const auto open = std::count_if(channels_.begin(), channels_.end(), [](const auto& c) { return c->tunnel; });
    return services_.dial && open + opening_ < options_.max_forwards;
}

void connection::begin_forward(message_ptr message) {
    const char* host = ssh_message_channel_request_open_destination(message.get());
    forward_request wanted;
    wanted.user = user_;
    wanted.who = *who_;
    wanted.host = host ? host : "";
    wanted.port = ssh_message_channel_request_open_destination_port(message.get());
    if (!may_forward() || wanted.host.size() > longest_host) return refuse(std::move(message));
    tasks_.spawn("ssh tunnel", forward(std::move(message), std::move(wanted)));
}

task<> connection::forward(message_ptr message, forward_request wanted) {
    forward_socket target;
    {
        const counted_opening counted(opening_);
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);  // not inside drive()
        auto dialled = co_await services_.dial(wanted);
        if (closed_) co_return;
        if (!dialled) co_return refuse_forward(std::move(message), wanted, dialled.error().message);
        target = std::move(*dialled);
    }
    ssh_channel handle = ssh_message_channel_request_open_reply_accept(message.get());
    if (!handle) co_return;
    message.reset();
    log_.info("tunnel", {{"peer", peer_}, {"user", user_}, {"who", who_->name}, {"to", wanted.host}});
    channels_.push_back(std::make_unique<channel>(*this, handle, socket_.get_executor()));
    auto& on = *channels_.back();
    on.started = on.tunnel = true;
    drive();
    co_await carry(on, std::move(target));
    on.hang_up();
    on.served = true;
    drive();
}

// libssh answers without a reason. A client that is asked for more (ssh -v) shows what it is told beside the answer.
void connection::refuse_forward(message_ptr message, const forward_request& wanted, const std::string& why) {
    log_.info("tunnel refused",
              {{"peer", peer_}, {"user", user_}, {"who", who_->name}, {"to", wanted.host}, {"why", why}});
    ssh_send_debug(session_.get(), why.c_str(), 1);
    refuse(std::move(message));
    drive();
}

}  // namespace gasper::receiver
