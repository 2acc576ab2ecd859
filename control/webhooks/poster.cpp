#include "control/webhooks/poster.hpp"

#include <fmt/format.h>
#include <openssl/hmac.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <charconv>

#include "control/outbound.hpp"

namespace gasper::control {

namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t longest_status_line = 8u << 10;

error unreachable(const web_address& to, const std::string& why) {
    return fail(errc::unavailable, "webhook_unreachable", to.host + ": " + why);
}

// "HTTP/1.1 204 No Content"
std::optional<int> status_of(const std::string& line) {
    if (!line.starts_with("HTTP/1.") || line.size() < 12) return std::nullopt;
    int status = 0;
    const auto [end, bad] = std::from_chars(line.data() + 9, line.data() + 12, status);
    if (bad != std::errc() || end != line.data() + 12 || status < 100) return std::nullopt;
    return status;
}

template <class Stream>
task<result<int>> ask(Stream& stream, const web_address& to, const std::string& message) {
    error_code ec;
    co_await asio::async_write(stream, asio::buffer(message), asio::redirect_error(asio::use_awaitable, ec));
    std::string answer;
    if (!ec)
        co_await asio::async_read_until(stream, asio::dynamic_buffer(answer, longest_status_line), '\n',
                                        asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
    const auto status = status_of(answer);
    if (status) co_return *status;
    co_return unreachable(to, ec ? ec.message() : "that is no HTTP");
}

}  // namespace

struct poster::tls_settings {
    asio::ssl::context context{asio::ssl::context::tls_client};
    tls_settings() {
        context.set_default_verify_paths();
        context.set_verify_mode(asio::ssl::verify_peer);
        SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    }
};

poster::poster() : tls_(std::make_unique<tls_settings>()) {}
poster::~poster() = default;

result<web_address> parse_web_address(const std::string& url) {
    const auto refuse = [](const char* why) {
        return fail(errc::invalid, "webhook_url",
                    std::string("the address must be https://HOST[:PORT][/PATH]: ") + why);
    };
    if (url.size() > 2000) return refuse("it is too long");
    for (const unsigned char c : url)
        if (c <= ' ' || c >= 0x7f || c == '#' || c == '\\')
            return refuse("it has a character that does not belong there");
    web_address a{.tls = url.starts_with("https://")};
    if (!a.tls && !url.starts_with("http://")) return refuse("it begins otherwise");
    const auto rest = url.substr(a.tls ? 8 : 7);
    const auto slash = std::min(rest.find_first_of("/?"), rest.size());
    auto authority = rest.substr(0, slash);
    a.target = rest.substr(slash);
    if (!a.target.starts_with('/')) a.target.insert(0, 1, '/');
    if (authority.find('@') != authority.npos) return refuse("no user belongs there");
    const auto bracket = authority.rfind(']');
    const auto colon = authority.rfind(':');
    a.port = a.tls ? 443 : 80;
    if (colon != authority.npos && (bracket == authority.npos || colon > bracket)) {
        const auto* end = authority.data() + authority.size();
        const auto [at, bad] = std::from_chars(authority.data() + colon + 1, end, a.port);
        if (bad != std::errc() || at != end || a.port == 0) return refuse("the port is none");
        authority.resize(colon);
    }
    if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
    if (authority.empty() || authority.size() > 253) return refuse("the host is missing");
    a.host = authority;
    return a;
}

bool is_private_address(const std::string& address) {
    error_code ec;
    const auto a = asio::ip::make_address(address, ec);
    return ec || is_private(a);
}

std::string signature_of(const std::string& secret, const std::string& body) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data(), &size);
    std::string text = "sha256=";
    for (unsigned i = 0; i < size; ++i)
        text += fmt::format("{:02x}", digest[i]);
    return text;
}

task<result<int>> poster::exchange(web_address to, std::string message, bool anywhere) {
    const auto executor = co_await asio::this_coro::executor;
    auto ends = co_await find_server(to.host, to.port, anywhere);
    if (!ends) co_return ends.error();
    error_code ec;
    asio::ssl::stream<tcp::socket> stream(executor, tls_->context);
    co_await asio::async_connect(stream.next_layer(), *ends, asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
    if (ec) co_return unreachable(to, ec.message());
    if (!to.tls) co_return co_await ask(stream.next_layer(), to, message);
    SSL_set_tlsext_host_name(stream.native_handle(), to.host.c_str());
    stream.set_verify_callback(asio::ssl::host_name_verification(to.host));
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
    if (ec) co_return unreachable(to, ec.message());
    co_return co_await ask(stream, to, message);
}

task<result<int>> poster::post(web_address to, std::map<std::string, std::string> fields, std::string body,
                               bool anywhere, deadline until) {
    const bool bracketed = to.host.find(':') != to.host.npos;
    std::string message = fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}:{}\r\nUser-Agent: gasper\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nContent-Length: {}\r\n",
        to.target, bracketed ? "[" + to.host + "]" : to.host, to.port, body.size());
    for (const auto& [name, value] : fields)
        message += name + ": " + value + "\r\n";
    message += "\r\n" + body;
    auto work = exchange(std::move(to), std::move(message), anywhere);
    co_return co_await with_deadline(std::move(work), until, "the webhook's server");
}

}  // namespace gasper::control
