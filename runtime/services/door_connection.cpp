#include "runtime/services/door_connection.hpp"

#include <netinet/tcp.h>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <vector>

namespace gasper::runtime {

using boost::system::error_code;

namespace {

constexpr std::size_t record_size = 16u << 10;  // a record of TLS
constexpr auto farewell_time = std::chrono::seconds(1);

error no_tls(const std::string& why) {
    return fail(errc::invalid, "door_tls", "no TLS: " + why);
}

// Who has gone silent behind a router that forgot him is found out without a byte of his protocol.
void keep_socket_alive(asio::ip::tcp::socket& socket) {
    error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    const int after = 120;  // seconds
    (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &after, sizeof after);
}

}  // namespace

task<result<>> door_connection::serve(service_door::server_address where) {
    keep_socket_alive(client_.next_layer());
    auto beginning = begin_tls();
    auto begun = co_await with_deadline(std::move(beginning), deadline::after(options_.begin_time), "TLS");
    if (!begun) co_return begun;
    const auto there = where();
    if (!there) {
        co_await end_tls();
        co_return fail(errc::unavailable, "door_server", "the server does not run");
    }
    auto reaching = reach(*there);
    auto reached = co_await with_deadline(std::move(reaching), deadline::after(options_.connect_time), "the server");
    if (!reached) {
        co_await end_tls();
        co_return reached;
    }
    co_await relay();
    if (!cut_) co_await end_tls();
    co_return result<>();
}

task<result<>> door_connection::begin_tls() {
    error_code ec;
    tls_start start(options_.begin);
    std::string asked, answer;
    while (start.wants() > 0) {
        asked.resize(start.wants());
        co_await asio::async_read(client_.next_layer(), asio::buffer(asked),
                                  asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return no_tls(ec.message());
        answer = start.take(asked);
        co_await asio::async_write(client_.next_layer(), asio::buffer(answer),
                                   asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return no_tls(ec.message());
    }
    if (start.now() == tls_start::state::refused) {
        auto hearing = hear_out();
        (void)co_await finishes_before(std::move(hearing), deadline::after(farewell_time));
        co_return no_tls("the client does not ask for it");
    }
    co_await client_.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return no_tls(ec.message());
    co_return result<>();
}

// To close what has not been read is a reset, and the client would not see why.
task<> door_connection::hear_out() {
    error_code ec;
    client_.next_layer().shutdown(tcp::socket::shutdown_send, ec);
    std::vector<char> ignored(1024);
    for (int times = 0; times < 64 && !ec; ++times)
        co_await client_.next_layer().async_read_some(asio::buffer(ignored),
                                                      asio::redirect_error(asio::use_awaitable, ec));
}

task<result<>> door_connection::reach(tcp::endpoint server) {
    error_code ec;
    co_await server_.async_connect(server, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return fail(errc::unavailable, "door_server", "the server cannot be reached: " + ec.message());
    keep_socket_alive(server_);
    co_return result<>();
}

task<> door_connection::relay() {
    using namespace asio::experimental::awaitable_operators;
    moved();
    auto relaying = both_ways();
    auto watching = watch();
    co_await (std::move(relaying) && std::move(watching));
}

task<> door_connection::both_ways() {
    using namespace asio::experimental::awaitable_operators;
    auto in = inward();
    auto out = outward();
    co_await (std::move(in) && std::move(out));
    over_ = true;
    watchdog_.cancel();
}

// A client that has said all may still be answered: only its own direction ends. An end without TLS's farewell counts
// as one: statements are framed, and one that was cut short is none.
task<> door_connection::inward() {
    std::vector<char> data(record_size);
    error_code ec;
    while (!over_) {
        const auto n =
            co_await client_.async_read_some(asio::buffer(data), asio::redirect_error(asio::use_awaitable, ec));
        if (ec) break;
        moved();
        writing_in_ = deadline::clock::now();
        co_await asio::async_write(server_, asio::buffer(data.data(), n),
                                   asio::redirect_error(asio::use_awaitable, ec));
        writing_in_.reset();
        if (ec) break;
        moved();
    }
    const bool said_all = ec == asio::error::eof || ec == asio::ssl::error::stream_truncated;
    error_code ignored;
    if (said_all)
        server_.shutdown(tcp::socket::shutdown_send, ignored);
    else
        stop_both();
}

// When the server has said all, there is nobody to talk to.
task<> door_connection::outward() {
    std::vector<char> data(record_size);
    error_code ec;
    while (!over_) {
        const auto n =
            co_await server_.async_read_some(asio::buffer(data), asio::redirect_error(asio::use_awaitable, ec));
        if (ec) break;
        moved();
        writing_out_ = deadline::clock::now();
        co_await asio::async_write(client_, asio::buffer(data.data(), n),
                                   asio::redirect_error(asio::use_awaitable, ec));
        writing_out_.reset();
        if (ec) {
            cut_ = true;
            break;
        }
        moved();
    }
    stop_both();
}

void door_connection::stop_both() {
    over_ = true;
    error_code ignored;
    client_.next_layer().cancel(ignored);
    server_.cancel(ignored);
}

void door_connection::cut() {
    cut_ = true;
    stop_both();
}

door_connection::time_point door_connection::limit() const {
    auto at = last_ + options_.idle_time;
    for (const auto& writing : {writing_in_, writing_out_})
        if (writing) at = std::min(at, *writing + options_.stall_time);
    return at;
}

// Looks up at least once in a stall's time: what stalls may begin while it sleeps.
task<> door_connection::watch() {
    while (!over_) {
        const auto now = deadline::clock::now();
        const auto at = limit();
        if (at <= now) {
            cut();
            co_return;
        }
        error_code ignored;
        watchdog_.expires_at(std::min(at, now + options_.stall_time));
        co_await watchdog_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

task<> door_connection::end_tls() {
    error_code ignored;
    auto leaving = client_.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    (void)co_await finishes_before(std::move(leaving), deadline::after(farewell_time));
}

}  // namespace gasper::runtime
