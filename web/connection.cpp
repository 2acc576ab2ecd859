#include "web/connection.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <ctime>
#include <optional>

#include "core/base/deadline.hpp"
#include "web/events.hpp"
#include "web/problem.hpp"

namespace gasper::web {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using namespace asio::experimental::awaitable_operators;
using boost::system::error_code;

namespace {

constexpr std::size_t drained_after_refusal = 256u << 10;

std::string http_date() {
    const std::time_t at = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&at, &parts);
    std::array<char, 40> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

// Handlers build field values from checked parts; a line end in one would still be a second response.
bool one_line(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string head_of(const response& r, bool keep_alive, bool chunked) {
    std::string out = "HTTP/1.1 " + std::to_string(r.status) + " " + std::string(reason_phrase(r.status)) + "\r\n";
    for (const auto& [name, value] : r.fields)
        if (one_line(name) && one_line(value)) out += name + ": " + value + "\r\n";
    if (chunked) {
        out += "Transfer-Encoding: chunked\r\n";
    } else if (!r.events && r.status != 204 && r.status != 304) {
        out += "Content-Length: " + std::to_string(r.content().size()) + "\r\n";
    }
    out += "Date: " + http_date() + "\r\n";
    out += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
    return out;
}

request head_value(const http::request<http::empty_body>& from, const std::string& peer) {
    request out;
    out.verb = parse_method(from.method_string());
    out.target = std::string(from.target());
    out.peer = peer;
    for (const auto& field : from)
        out.fields.add(std::string(field.name_string()), std::string(field.value()));
    return out;
}

response refusal_for(const error_code& ec) {
    if (ec == http::error::header_limit)
        return problem(431, fail(errc::too_large, "head_too_large", "the request's head is too large"));
    if (ec == http::error::body_limit)
        return problem(fail(errc::too_large, "body_too_large", "the request's body is too large"));
    return problem(400, fail(errc::invalid, "bad_request", "this is no HTTP/1.1 request: " + ec.message()));
}

// Whether a failed read deserves an answer: the client broke the protocol, and still listens. (At a timeout Beast has
// closed the socket already.)
bool answerable(const error_code& ec) {
    return ec.category() == http::make_error_code(http::error::bad_method).category() &&
           ec != http::error::end_of_stream && ec != http::error::partial_message;
}

}  // namespace

struct connection::state {
    state(asio::ip::tcp::socket socket, application& a, connection_limits l)
        : stream(std::move(socket)), app(a), limits(l), buffer(l.settings.max_head + (64u << 10)) {
        error_code ec;
        const auto remote = stream.socket().remote_endpoint(ec);
        if (!ec) peer = remote.address().to_string();
        stream.socket().set_option(asio::ip::tcp::no_delay(true), ec);
    }

    struct incoming {
        request value;
        bool keep_alive{false};
        bool old{false};  // HTTP/1.0: knows no chunks
    };

    task<std::optional<incoming>> read();
    task<std::optional<incoming>> read_body(http::request_parser<http::empty_body>& head);
    task<bool> write(const response& r, bool keep_alive, bool body);
    task<bool> write_text(std::string text);
    task<> stream_events(const response& r, bool chunked);
    task<> pump(event_queue& queue, bool chunked);
    task<> watch_peer();
    task<> turn_away(response why);

    beast::tcp_stream stream;
    application& app;
    connection_limits limits;
    beast::flat_buffer buffer;
    std::string peer;
    bool idle{true};
};

connection::connection(asio::ip::tcp::socket socket, application& app, connection_limits limits)
    : state_(std::make_unique<state>(std::move(socket), app, limits)) {}
connection::~connection() = default;

bool connection::idle() const noexcept {
    return state_->idle;
}

void connection::close() noexcept {
    error_code ignored;
    state_->stream.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    state_->stream.cancel();
}

task<> connection::refuse(response why) {
    co_await state_->turn_away(std::move(why));
}

task<> connection::serve() {
    auto& s = *state_;
    for (;;) {
        auto in = co_await s.read();
        if (!in) co_return;
        const bool body = in->value.verb != method::head;
        const auto out = co_await s.app.handle(std::move(in->value));
        if (out.events && body) {
            co_await s.stream_events(out, !in->old);
            co_return;
        }
        const bool keep = in->keep_alive && !s.limits.stopping;
        if (!co_await s.write(out, keep, body)) co_return;
        if (!keep) {
            error_code ignored;
            s.stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
            co_return;
        }
    }
}

task<std::optional<connection::state::incoming>> connection::state::read() {
    error_code ec;
    idle = true;
    if (buffer.size() == 0) {
        stream.expires_after(limits.settings.idle_limit);
        const auto n =
            co_await stream.async_read_some(buffer.prepare(4096), asio::redirect_error(asio::use_awaitable, ec));
        if (ec || limits.stopping) co_return std::nullopt;
        buffer.commit(n);
    }
    idle = false;
    http::request_parser<http::empty_body> head;
    head.header_limit(static_cast<std::uint32_t>(limits.settings.max_head));
    head.body_limit(boost::none);
    stream.expires_after(limits.settings.head_limit);
    co_await http::async_read_header(stream, buffer, head, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) {
        if (answerable(ec)) co_await turn_away(refusal_for(ec));
        co_return std::nullopt;
    }
    co_return co_await read_body(head);
}

task<std::optional<connection::state::incoming>> connection::state::read_body(
    http::request_parser<http::empty_body>& head) {
    error_code ec;
    incoming out{head_value(head.get(), peer), head.keep_alive(), head.get().version() < 11};
    const auto limit = app.body_limit(out.value);
    const auto announced = head.content_length();
    if (announced && *announced > limit) {
        co_await turn_away(refusal_for(http::make_error_code(http::error::body_limit)));
        co_return std::nullopt;
    }
    const bool waits = same_ignoring_case(out.value.fields.get("Expect"), "100-continue");
    if (waits && !out.old && !co_await write_text("HTTP/1.1 100 Continue\r\n\r\n")) co_return std::nullopt;
    http::request_parser<http::string_body> whole(std::move(head));
    whole.body_limit(limit);
    stream.expires_after(limits.settings.body_limit);
    co_await http::async_read(stream, buffer, whole, asio::redirect_error(asio::use_awaitable, ec));
    if (ec) {
        if (answerable(ec)) co_await turn_away(refusal_for(ec));
        co_return std::nullopt;
    }
    out.value.body = std::move(whole.get().body());
    co_return out;
}

task<bool> connection::state::write(const response& r, bool keep_alive, bool body) {
    const auto head = head_of(r, keep_alive, false);
    const auto content = body ? r.content() : std::string_view{};
    const std::array<asio::const_buffer, 2> both{asio::buffer(head), asio::buffer(content.data(), content.size())};
    error_code ec;
    stream.expires_after(limits.settings.write_limit);
    co_await asio::async_write(stream, both, asio::redirect_error(asio::use_awaitable, ec));
    co_return !ec;
}

task<bool> connection::state::write_text(std::string text) {
    error_code ec;
    stream.expires_after(limits.settings.write_limit);
    co_await asio::async_write(stream, asio::buffer(text), asio::redirect_error(asio::use_awaitable, ec));
    co_return !ec;
}

// The answer would be lost to a reset if the socket closed with unread bytes in it: read some, briefly.
task<> connection::state::turn_away(response why) {
    if (!co_await write(why, false, true)) co_return;
    error_code ec;
    stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ec);
    stream.expires_after(std::chrono::seconds(1));
    std::array<char, 4096> scrap{};
    for (std::size_t read = 0; !ec && read < drained_after_refusal;)
        read += co_await stream.async_read_some(asio::buffer(scrap), asio::redirect_error(asio::use_awaitable, ec));
}

namespace {

// Runs the source; a fault ends the stream as an event. Then waits for ever: the writer ends first.
task<> produce(const event_source& source, event_queue& queue) {
    std::string fault;
    try {
        co_await source(queue);
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted) fault = e.what();
    } catch (const std::exception& e) {
        fault = e.what();
    }
    if (!fault.empty()) queue.push({.name = "error", .id = {}, .data = "the stream broke; the server's log says why"});
    queue.close();
    if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
    asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    error_code ignored;
    co_await never.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace

task<> connection::state::stream_events(const response& r, bool chunked) {
    if (limits.streams >= limits.settings.max_streams || limits.stopping) {
        auto why =
            problem(fail(errc::unavailable, "too_many_streams", "too many event streams are open: try again later"));
        why.fields.set("Retry-After", "5");
        co_await turn_away(std::move(why));
        co_return;
    }
    if (!co_await write_text(head_of(r, false, chunked))) co_return;
    stream.expires_never();
    idle = true;
    ++limits.streams;
    event_queue queue(stream.get_executor());
    co_await (produce(r.events, queue) || pump(queue, chunked) || watch_peer());
    --limits.streams;
}

task<> connection::state::pump(event_queue& queue, bool chunked) try {
    const auto end = deadline::after(limits.settings.stream_limit);
    for (;;) {
        auto bytes = co_await queue.take(end.sooner(limits.settings.heartbeat));
        if (bytes.empty() || end.expired()) break;
        std::array<char, 24> size{};
        std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
        if (chunked) bytes = size.data() + std::move(bytes) + "\r\n";
        if (!co_await write_text(std::move(bytes))) co_return;
        stream.expires_never();
    }
    if (chunked) co_await write_text("0\r\n\r\n");
    error_code ignored;
    stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
} catch (const boost::system::system_error&) {
    // cancelled: whoever did it ends the connection
}

// Returns when the client has gone: a stream that is quiet for long would not notice otherwise.
task<> connection::state::watch_peer() {
    error_code ec;
    co_await stream.socket().async_wait(asio::ip::tcp::socket::wait_read,
                                        asio::redirect_error(asio::use_awaitable, ec));
    char next = 0;
    const auto n = ec ? 0 : ::recv(stream.socket().native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n <= 0) co_return;
    // It sent another request that will not be answered here: only a failing write can end this stream now.
    asio::steady_timer never(stream.get_executor(), asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::redirect_error(asio::use_awaitable, ec));
}

}  // namespace gasper::web
