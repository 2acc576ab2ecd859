#include "receiver/ssh/connection.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

namespace gasper::receiver {

namespace {
constexpr int packets_at_once = 16;  // then other connections have their turn
}

connection::connection(asio::any_io_executor executor, const server_options& options, connection_services services,
                       logger& log, std::string peer)
    : options_(options),
      services_(std::move(services)),
      log_(log),
      peer_(std::move(peer)),
      socket_(executor),
      output_wanted_(executor),
      ended_(executor),
      tasks_(executor, [this](const std::string& name, const std::string& what) {
          log_.error("task failed", {{"task", name}, {"peer", peer_}, {"what", what}});
          close("fault");
      }) {
    output_wanted_.expires_at(asio::steady_timer::time_point::max());
    ended_.expires_at(asio::steady_timer::time_point::max());
}

connection::~connection() = default;

task<> connection::run(ssh_bind host, asio::ip::tcp::socket socket) {
    session_.reset(ssh_new());
    event_.reset(ssh_event_new());
    if (!session_ || !event_) throw std::bad_alloc();
    boost::system::error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    const int fd = socket.release();
    if (ssh_bind_accept_fd(host, session_.get(), fd) != SSH_OK) {
        ::close(fd);
        co_return;
    }
    ssh_set_blocking(session_.get(), 0);
    ssh_set_auth_methods(session_.get(), SSH_AUTH_METHOD_PUBLICKEY);
    ssh_set_counters(session_.get(), &traffic_, nullptr);
    // A descriptor of Asio's own: libssh closes its one by itself, whenever the connection breaks.
    socket_.assign(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    exchange_keys();
    tasks_.spawn("ssh read", read_loop());
    tasks_.spawn("ssh write", write_loop());
    tasks_.spawn("ssh watch", watch());
    if (!closed_) co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_await end();
}

task<> connection::end() {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    closed_ = true;
    tasks_.cancel();
    co_await tasks_.join();
    log_.info("connection", {{"peer", peer_},
                             {"user", user_},
                             {"who", who_ ? who_->name : ""},
                             {"end", reason_},
                             {"bytes_in", traffic_.in_bytes},
                             {"bytes_out", traffic_.out_bytes}});
    channels_.clear();
    if (keys_exchanged_) {
        ssh_event_remove_session(event_.get(), session_.get());
        ssh_disconnect(session_.get());
    }
    event_.reset();
    session_.reset();
    socket_.close();
}

void connection::close(std::string reason) {
    if (closed_) return;
    closed_ = true;
    reason_ = std::move(reason);
    ended_.cancel();
    for (auto& each : channels_)
        each->wake();
}

task<> connection::read_loop() {
    for (;;) {
        co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
        if (!keys_exchanged_) exchange_keys();
        drive();
        co_await authenticate_pending();
    }
}

task<> connection::write_loop() {
    for (;;) {
        if (output_pending()) {
            co_await socket_.async_wait(asio::posix::stream_descriptor::wait_write, asio::use_awaitable);
            if (!keys_exchanged_) exchange_keys();
            drive();
            co_await authenticate_pending();
        } else {
            boost::system::error_code ec;
            co_await output_wanted_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
            if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
        }
    }
}

// Login grace, then: a silent client is asked for a sign of life, and one without a session does not stay for ever.
task<> connection::watch() {
    const auto login = deadline::after(options_.login_time);
    while (!who_ && !login.expired())
        co_await sleep_until(login.sooner(std::chrono::seconds(1)));
    if (!who_) {
        close("login took too long");
        co_return;
    }
    auto seen = traffic_.in_bytes;
    int asked = 0;
    auto busy = deadline::clock::now();
    for (;;) {
        co_await sleep_until(deadline::after(options_.keep_alive));
        if (!channels_.empty()) busy = deadline::clock::now();
        if (deadline::clock::now() - busy > options_.idle_time) co_return close("idle");
        asked = traffic_.in_bytes == seen ? asked + 1 : 0;
        seen = traffic_.in_bytes;
        if (asked > 3) co_return close("no sign of life");
        if (asked > 0) {
            ssh_send_keepalive(session_.get());
            drive();
        }
    }
}

void connection::exchange_keys() {
    const int rc = ssh_handle_key_exchange(session_.get());
    if (rc == SSH_ERROR) return close("key exchange failed");
    if (rc == SSH_OK) {
        keys_exchanged_ = true;
        ssh_event_add_session(event_.get(), session_.get());
    }
    if (output_pending()) output_wanted_.cancel();
}

bool connection::output_pending() const {
    return !closed_ && (ssh_get_poll_flags(session_.get()) & SSH_WRITE_PENDING) != 0;
}

void connection::drive() {
    if (driving_ || closed_ || !keys_exchanged_) return;
    driving_ = true;
    for (int i = 0; i < packets_at_once; ++i)
        if (ssh_event_dopoll(event_.get(), 0) != SSH_OK) break;
    if (who_) answer_messages();
    reap();
    driving_ = false;
    if ((ssh_get_status(session_.get()) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0) return close("client left");
    if (output_pending()) output_wanted_.cancel();
    for (auto& each : channels_)
        each->wake();
}

// Frees a channel only when both sides closed it: libssh's own messages may point at it until then.
void connection::reap() {
    std::erase_if(channels_,
                  [](const auto& each) { return each->remote_closed() && (each->served || !each->started); });
}

task<> connection::serve(channel& on) {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);  // not inside drive()
    int status = 1;
    std::string fault;
    try {
        status = co_await services_.serve(on, on.request());
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted) fault = e.what();
    } catch (const std::exception& e) {
        fault = e.what();
    }
    if (!fault.empty()) log_.error("session failed", {{"peer", peer_}, {"user", user_}, {"what", fault}});
    on.finish(status);
    on.served = true;
    reap();
}

}  // namespace gasper::receiver
