#include "runtime/engine/transport.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

namespace gasper::runtime {

using boost::system::error_code;

struct reply_stream::connection {
    explicit connection(raw_stream::socket s) : socket(std::move(s)) {}
    raw_stream::socket socket;
    std::string buffered;  // read, not yet parsed
    bool reused{false};
};

namespace {

using connection_socket = raw_stream::socket;

void throw_if_cancelled(const error_code& ec) {
    if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
}

error gone(const std::filesystem::path& path, const error_code& ec) {
    return fail(errc::unavailable, "engine_unavailable",
                fmt::format("the Docker Engine does not answer at {}: {}", path.string(), ec.message()));
}

std::string head_of(const http_request& r) {
    std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: docker\r\nUser-Agent: gasper\r\n", r.method, r.target);
    if (r.upgrade) head += "Connection: Upgrade\r\nUpgrade: tcp\r\n";
    if (r.upload || !r.body.empty()) head += "Content-Type: " + r.content_type + "\r\n";
    if (r.upload) {
        head += "Transfer-Encoding: chunked\r\n";
    } else if (r.method != "GET" || !r.body.empty()) {
        head += fmt::format("Content-Length: {}\r\n", r.body.size());
    }
    return head + "\r\n";
}

template <class Buffers>
task<error_code> write_all(connection_socket& to, const Buffers& what) {
    error_code ec;
    co_await asio::async_write(to, what, asio::redirect_error(asio::use_awaitable, ec));
    throw_if_cancelled(ec);
    co_return ec;
}

task<result<error_code>> send_upload(connection_socket& to, byte_source next) {
    for (;;) {
        auto piece = co_await next();
        if (!piece) co_return piece.error();
        const std::string size = piece->empty() ? "0\r\n" : fmt::format("{:x}\r\n", piece->size());
        const std::array<asio::const_buffer, 3> parts{asio::buffer(size), asio::buffer(*piece),
                                                      asio::buffer("\r\n", 2)};
        const auto ec = co_await write_all(to, parts);
        if (ec || piece->empty()) co_return ec;
    }
}

task<result<std::size_t>> receive_some(connection_socket& from, asio::mutable_buffer into) {
    error_code ec;
    const auto n = co_await from.async_read_some(into, asio::redirect_error(asio::use_awaitable, ec));
    throw_if_cancelled(ec);
    if (ec == asio::error::eof) co_return std::size_t{0};
    if (ec) co_return fail(errc::unavailable, "engine_gone", "the connection to the engine broke: " + ec.message());
    co_return n;
}

task<result<std::size_t>> receive(connection_socket& from, std::string& into) {
    std::array<char, 32 * 1024> chunk;
    auto n = co_await receive_some(from, asio::buffer(chunk));
    if (n) into.append(chunk.data(), *n);
    co_return n;
}

// False when the engine closed the connection while nobody used it (it was restarted), or sent what nobody asked for.
bool still_open(connection_socket& s) {
    char byte = 0;
    return ::recv(s.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::string described(const http_request& r) {
    return fmt::format("the engine's answer to {} {}", r.method, r.target.substr(0, r.target.find('?')));
}

}  // namespace

transport::transport(asio::any_io_executor executor, std::filesystem::path socket, std::size_t idle_limit)
    : executor_(std::move(executor)), path_(std::move(socket)), idle_limit_(idle_limit) {}

transport::~transport() = default;

std::size_t transport::idle() const noexcept {
    return idle_.size();
}
void transport::close_idle() {
    idle_.clear();
}

task<result<std::unique_ptr<transport::connection>>> transport::connect() {
    if (path_.native().size() >= sizeof(sockaddr_un::sun_path))
        co_return fail(errc::invalid, "engine_socket", path_.string() + ": too long for a Unix socket's path");
    connection_socket s(executor_);
    error_code ec;
    co_await s.async_connect(boost::asio::local::stream_protocol::endpoint(path_.native()),
                             asio::redirect_error(asio::use_awaitable, ec));
    throw_if_cancelled(ec);
    if (ec) co_return gone(path_, ec);
    co_return std::make_unique<connection>(std::move(s));
}

std::unique_ptr<transport::connection> transport::take_idle() {
    while (!idle_.empty()) {
        auto c = std::move(idle_.back());
        idle_.pop_back();
        if (!still_open(c->socket)) continue;
        c->reused = true;
        return c;
    }
    return nullptr;
}

void transport::give_back(std::unique_ptr<connection> c) {
    if (c && idle_.size() < idle_limit_ && c->buffered.empty()) idle_.push_back(std::move(c));
}

task<result<std::unique_ptr<reply_stream>>> transport::exchange(http_request request) {
    const std::string head = head_of(request);
    for (;;) {
        auto c = request.upgrade ? nullptr : take_idle();
        if (!c) {
            auto made = co_await connect();
            if (!made) co_return made.error();
            c = std::move(*made);
        }
        const bool reused = c->reused;
        std::unique_ptr<reply_stream> stream(new reply_stream(*this, std::move(c)));
        auto& link = *stream->connection_;
        const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(request.body)};
        error_code sent = co_await write_all(link.socket, parts);
        // The engine went between two requests and took nothing of this one: once more, on a fresh connection.
        if (sent && reused) continue;
        if (!sent && request.upload) {
            auto uploaded = co_await send_upload(link.socket, request.upload);
            if (!uploaded) co_return uploaded.error();
            sent = *uploaded;
        }
        // An engine that refuses an upload answers and closes before it read all: the answer says more than EPIPE.
        while (!stream->response_.has_header()) {
            auto n = co_await receive(link.socket, link.buffered);
            if (!n) co_return sent ? gone(path_, sent) : n.error();
            if (*n == 0) {
                if (auto ended = stream->response_.end(); !ended) co_return ended.error();
                break;
            }
            auto fed = stream->response_.feed(link.buffered, request.upgrade);
            if (!fed) co_return fed.error();
        }
        co_return std::move(stream);
    }
}

task<result<http_reply>> transport::whole(http_request request) {
    auto stream = co_await exchange(std::move(request));
    if (!stream) co_return stream.error();
    http_reply reply{(*stream)->status(), {}};
    for (;;) {
        auto piece = co_await (*stream)->read();
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return reply;
        reply.body += *piece;
        if (reply.body.size() > largest_body)
            co_return fail(errc::too_large, "engine_answer", "the engine's answer is larger than 64 MiB");
    }
}

task<result<std::unique_ptr<raw_stream>>> transport::hijacked(http_request request) {
    request.upgrade = true;
    auto stream = co_await exchange(std::move(request));
    if (!stream) co_return stream.error();
    auto& s = **stream;
    if (s.status() == 101 || s.status() == 200)
        co_return std::make_unique<raw_stream>(std::move(s.connection_->socket), std::move(s.connection_->buffered));
    // What came together with the header is the body of a refusal, then.
    auto fed = s.response_.feed(s.connection_->buffered);
    if (!fed) co_return fed.error();
    std::string body;
    for (;;) {
        auto piece = co_await s.read();
        if (!piece || piece->empty() || body.size() > largest_body) break;
        body += *piece;
    }
    co_return engine_refusal(s.status(), body);
}

task<result<http_reply>> transport::call(http_request request, deadline until) {
    auto what = described(request);
    return with_deadline(whole(std::move(request)), until, std::move(what));
}

task<result<std::unique_ptr<reply_stream>>> transport::open(http_request request, deadline until) {
    auto what = described(request);
    return with_deadline(exchange(std::move(request)), until, std::move(what));
}

task<result<std::unique_ptr<raw_stream>>> transport::hijack(http_request request, deadline until) {
    auto what = described(request);
    return with_deadline(hijacked(std::move(request)), until, std::move(what));
}

reply_stream::reply_stream(transport& owner, std::unique_ptr<connection> c)
    : owner_(owner), connection_(std::move(c)) {}

reply_stream::~reply_stream() = default;

task<result<std::string>> reply_stream::read() {
    for (;;) {
        if (response_.body_size() > 0) co_return response_.take_body();
        if (response_.complete()) {
            if (response_.keep_alive()) owner_.give_back(std::move(connection_));
            connection_.reset();
            co_return std::string();
        }
        if (!connection_) co_return fail(errc::unavailable, "engine_gone", "the engine's answer was cut");
        auto n = co_await receive(connection_->socket, connection_->buffered);
        if (!n || *n == 0) {
            auto ended = n ? response_.end() : result<>(n.error());
            connection_.reset();
            if (!ended) co_return ended.error();
            continue;
        }
        auto fed = response_.feed(connection_->buffered);
        if (!fed) {
            connection_.reset();
            co_return fed.error();
        }
    }
}

task<result<std::string>> reply_stream::read(deadline until) {
    return with_deadline(read(), until, "the engine's answer");
}

task<result<std::string>> raw_stream::read() {
    if (!early_.empty()) co_return std::exchange(early_, {});
    if (room_.empty()) room_.resize(least_read);
    auto n = co_await receive_some(socket_, asio::buffer(room_));
    if (!n) co_return n.error();
    std::string data(room_.data(), *n);
    if (*n == room_.size() && *n < most_read) room_.resize(2 * *n);
    co_return data;
}

namespace {

task<result<>> write_raw(connection_socket& to, std::string data) {
    const auto ec = co_await write_all(to, asio::buffer(data));
    if (ec) co_return fail(errc::conflict, "stream_closed", "the other side does not read any more: " + ec.message());
    co_return result<>();
}

}  // namespace

task<result<>> raw_stream::write(std::string data, deadline until) {
    return with_deadline(write_raw(socket_, std::move(data)), until, "writing to the container");
}

result<> raw_stream::close_output() {
    error_code ec;
    socket_.shutdown(socket::shutdown_send, ec);
    if (ec) return fail(errc::conflict, "stream_closed", ec.message());
    return {};
}

void raw_stream::close() {
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace gasper::runtime
