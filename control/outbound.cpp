#include "control/outbound.hpp"

#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>

namespace gasper::control {

namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t longest_line = 4u << 10;

error unreachable(const std::string& host, const std::string& why) {
    return fail(errc::unavailable, "server_unreachable", host + ": " + why);
}

bool is_private_v4(const asio::ip::address_v4& a) {
    const auto bits = a.to_uint();
    const auto in = [&](std::uint32_t net, int prefix) { return (bits ^ net) >> (32 - prefix) == 0; };
    return in(0, 8) || in(0x0a000000, 8) || in(0x64400000, 10) || in(0x7f000000, 8) || in(0xa9fe0000, 16) ||
           in(0xac100000, 12) || in(0xc0000000, 24) || in(0xc0a80000, 16) || in(0xc6120000, 15) || in(0xe0000000, 3);
}

// A cancellation passes through; anything else is said.
result<> outcome(const std::string& host, const error_code& ec) {
    if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
    if (ec) return unreachable(host, ec.message());
    return {};
}

}  // namespace

bool is_private(const asio::ip::address& a) {
    if (a.is_v4()) return is_private_v4(a.to_v4());
    const auto v6 = a.to_v6();
    if (v6.is_v4_mapped()) return is_private_v4(asio::ip::make_address_v4(asio::ip::v4_mapped, v6));
    const auto bytes = v6.to_bytes();
    // Global unicast is 2000::/3; of it, 2002::/16 and 64:ff9b::/96 would smuggle an IPv4 address.
    return (bytes[0] & 0xe0) != 0x20 || (bytes[0] == 0x20 && bytes[1] == 0x02);
}

task<result<std::vector<tcp::endpoint>>> find_server(std::string host, std::uint16_t port, bool anywhere) {
    error_code ec;
    const auto executor = co_await asio::this_coro::executor;
    tcp::resolver resolver(executor);
    const auto service = std::to_string(port);
    const auto found = co_await resolver.async_resolve(host, service, asio::redirect_error(asio::use_awaitable, ec));
    if (auto ok = outcome(host, ec); !ok) co_return ok.error();
    std::vector<tcp::endpoint> ends;
    for (const auto& entry : found)
        if (anywhere || !is_private(entry.endpoint().address())) ends.push_back(entry.endpoint());
    if (ends.empty()) co_return unreachable(host, "its address is private: only what an admin made may go there");
    co_return ends;
}

class outbound_stream::tls_context {
 public:
    tls_context() {
        context.set_default_verify_paths();
        context.set_verify_mode(asio::ssl::verify_peer);
        SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    }
    asio::ssl::context context{asio::ssl::context::tls_client};
};

std::shared_ptr<outbound_stream::tls_context> outbound_stream::make_context() {
    return std::make_shared<tls_context>();
}

struct outbound_stream::state {
    state(const asio::any_io_executor& executor, address a, std::shared_ptr<tls_context> c)
        : to(std::move(a)), context(std::move(c)), stream(executor, context->context) {}

    task<result<>> open();
    task<result<>> handshake();
    task<result<>> write(std::string bytes);
    task<result<std::string>> read_line();

    tcp::socket& socket() { return stream.next_layer(); }

    address to;
    std::shared_ptr<tls_context> context;
    asio::ssl::stream<tcp::socket> stream;
    bool secure{false};
    std::string heard;  // read and not asked for yet
};

task<result<>> outbound_stream::state::open() {
    auto ends = co_await find_server(to.host, to.port, to.anywhere);
    if (!ends) co_return ends.error();
    error_code ec;
    // To what was looked at, not to what a second look-up might say.
    co_await asio::async_connect(socket(), *ends, asio::redirect_error(asio::use_awaitable, ec));
    if (auto ok = outcome(to.host, ec); !ok) co_return ok;
    if (to.tls) co_return co_await handshake();
    co_return result<>();
}

task<result<>> outbound_stream::state::handshake() {
    error_code ec;
    SSL_set_tlsext_host_name(stream.native_handle(), to.host.c_str());
    stream.set_verify_callback(asio::ssl::host_name_verification(to.host));
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, ec));
    secure = !ec;
    co_return outcome(to.host, ec);
}

task<result<>> outbound_stream::state::write(std::string bytes) {
    error_code ec;
    if (secure)
        co_await asio::async_write(stream, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
    else
        co_await asio::async_write(socket(), asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
    co_return outcome(to.host, ec);
}

task<result<std::string>> outbound_stream::state::read_line() {
    error_code ec;
    auto into = asio::dynamic_buffer(heard, longest_line);
    std::size_t size = 0;
    if (secure)
        size = co_await asio::async_read_until(stream, into, '\n', asio::redirect_error(asio::use_awaitable, ec));
    else
        size = co_await asio::async_read_until(socket(), into, '\n', asio::redirect_error(asio::use_awaitable, ec));
    if (auto ok = outcome(to.host, ec); !ok) co_return ok.error();
    auto line = heard.substr(0, size - 1);
    heard.erase(0, size);
    if (line.ends_with('\r')) line.pop_back();
    co_return line;
}

outbound_stream::outbound_stream(std::unique_ptr<state> s) : state_(std::move(s)) {}
outbound_stream::~outbound_stream() = default;

task<result<std::unique_ptr<outbound_stream>>> outbound_stream::connect(address to,
                                                                        std::shared_ptr<tls_context> context,
                                                                        deadline until) {
    const auto executor = co_await asio::this_coro::executor;
    auto made = std::make_unique<state>(executor, to, std::move(context));
    auto opening = made->open();
    auto opened = co_await with_deadline(std::move(opening), until, to.host);
    if (!opened) co_return opened.error();
    co_return std::unique_ptr<outbound_stream>(new outbound_stream(std::move(made)));
}

task<result<>> outbound_stream::write(std::string bytes, deadline until) {
    auto work = state_->write(std::move(bytes));
    co_return co_await with_deadline(std::move(work), until, state_->to.host);
}

task<result<std::string>> outbound_stream::read_line(deadline until) {
    auto work = state_->read_line();
    co_return co_await with_deadline(std::move(work), until, state_->to.host);
}

task<result<>> outbound_stream::start_tls(deadline until) {
    // What came before the handshake would be taken for the server's word under TLS (CVE-2011-0411).
    if (!state_->heard.empty()) co_return unreachable(state_->to.host, "it talks before it is asked");
    auto work = state_->handshake();
    co_return co_await with_deadline(std::move(work), until, state_->to.host);
}

// Under TLS an end may stand behind records that nobody has read, session tickets among them: they are read.
task<bool> outbound_stream::closed() {
    char byte = 0;
    const auto n = ::recv(state_->socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    const bool silent = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (silent) co_return false;
    if (n <= 0 || !state_->secure) co_return n <= 0;
    error_code ec;
    std::string ignored(1024, 0);
    auto reading = state_->stream.async_read_some(asio::buffer(ignored), asio::redirect_error(asio::use_awaitable, ec));
    auto discard = [](task<std::size_t> work) -> task<> { (void)co_await std::move(work); };
    auto all = discard(std::move(reading));
    const bool read = co_await finishes_before(std::move(all), deadline::after(std::chrono::milliseconds(50)));
    const bool ended = read && ec;
    co_return ended;
}

bool outbound_stream::on_loopback() const {
    error_code ignored;
    const auto there = state_->socket().remote_endpoint(ignored).address();
    return there.is_loopback();
}

}  // namespace gasper::control
