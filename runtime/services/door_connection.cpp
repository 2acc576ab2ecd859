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

// To close what has not been read is a reset, and the client would not see why.
task<> hear_out(asio::ip::tcp::socket& client) {
    error_code ec;
    client.shutdown(asio::ip::tcp::socket::shutdown_send, ec);
    std::vector<char> ignored(1024);
    for (int times = 0; times < 64 && !ec; ++times)
        co_await client.async_read_some(asio::buffer(ignored), asio::redirect_error(asio::use_awaitable, ec));
}

}  // namespace

task<result<>> door_connection::serve(service_door::server_address where) {
    keep_socket_alive(client_.next_layer());
    const auto until = deadline::after(options_.begin_time);
    result<> reached;
    if (options_.begin.greeted) reached = co_await meet_server(where);
    if (!reached) co_return reached;
    auto beginning = begin_tls();
    auto begun = co_await with_deadline(std::move(beginning), until, "TLS");
    if (!begun) co_return begun;
    if (!options_.begin.greeted) reached = co_await meet_server(where);
    if (!reached) {
        co_await end_tls();
        co_return reached;
    }
    co_await relay();
    if (!cut_) co_await end_tls();
    if (refused()) co_return fail(errc::invalid, "door_login", "no login: " + login_->why());
    co_return result<>();
}

task<result<>> door_connection::meet_server(service_door::server_address where) {
    const auto there = where();
    if (!there) co_return fail(errc::unavailable, "door_server", "the server does not run");
    auto reaching = reach(*there);
    co_return co_await with_deadline(std::move(reaching), deadline::after(options_.connect_time), "the server");
}

task<result<>> door_connection::begin_tls() {
    result<> asked;
    if (options_.begin.greeted)
        asked = co_await be_greeted();
    else
        asked = co_await be_asked();
    if (!asked) co_return asked;
    error_code ec;
    co_await client_.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return no_tls(ec.message());
    co_return result<>();
}

task<result<>> door_connection::be_asked() {
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
    if (start.now() == tls_start::state::begun) co_return result<>();
    co_return co_await turn_down("the client does not ask for it");
}

task<result<>> door_connection::be_greeted() {
    error_code ec;
    greeting_start start;
    std::string heard, said;
    while (start.wants() > 0) {
        heard.resize(start.wants());
        auto& from = start.now() == greeting_start::state::greeting ? server_ : client_.next_layer();
        co_await asio::async_read(from, asio::buffer(heard), asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return no_tls(ec.message());
        said = start.take(heard);
        co_await asio::async_write(client_.next_layer(), asio::buffer(said),
                                   asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return no_tls(ec.message());
    }
    if (start.now() == greeting_start::state::refused) co_return co_await turn_down(start.why());
    login_.emplace();
    co_return result<>();
}

task<result<>> door_connection::turn_down(std::string why) {
    auto hearing = hear_out(client_.next_layer());
    (void)co_await finishes_before(std::move(hearing), deadline::after(farewell_time));
    co_return no_tls(why);
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
    login_until_ = last_ + options_.begin_time;
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
    std::string numbered;
    error_code ec;
    while (!over_) {
        const auto n =
            co_await client_.async_read_some(asio::buffer(data), asio::redirect_error(asio::use_awaitable, ec));
        if (ec) break;
        moved();
        std::string_view said(data.data(), n);
        if (in_login()) said = numbered = login_->from_client(said);
        if (refused()) break;
        writing_in_ = deadline::clock::now();
        co_await asio::async_write(server_, asio::buffer(said), asio::redirect_error(asio::use_awaitable, ec));
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
    std::string numbered;
    error_code ec;
    while (!over_) {
        const auto n =
            co_await server_.async_read_some(asio::buffer(data), asio::redirect_error(asio::use_awaitable, ec));
        if (ec) break;
        moved();
        std::string_view said(data.data(), n);
        if (in_login()) said = numbered = login_->from_server(said);
        if (refused()) break;
        writing_out_ = deadline::clock::now();
        co_await asio::async_write(client_, asio::buffer(said), asio::redirect_error(asio::use_awaitable, ec));
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
    if (in_login()) at = std::min(at, login_until_);
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
