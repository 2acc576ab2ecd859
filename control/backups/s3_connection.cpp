#include "control/backups/s3_connection.hpp"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <cctype>

namespace gasper::control {

namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t read_size = 64u << 10;

void pass_cancellation(const error_code& ec) {
    if (ec == asio::error::operation_aborted) throw boost::system::system_error(ec);
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

}  // namespace

error s3_failure(const std::string& why) {
    return fail(errc::unavailable, "backup_store", "the object store: " + why);
}

std::vector<std::string> xml_texts(const std::string& xml, const std::string& name) {
    std::vector<std::string> out;
    const auto open = "<" + name + ">", close = "</" + name + ">";
    for (auto at = xml.find(open); at != xml.npos; at = xml.find(open, at)) {
        at += open.size();
        const auto end = xml.find(close, at);
        if (end == xml.npos) break;
        auto text = xml.substr(at, end - at);
        for (const auto& [entity, stands_for] : {std::pair{"&lt;", "<"},
                                                 {"&gt;", ">"},
                                                 {"&quot;", "\""},
                                                 {"&#34;", "\""},
                                                 {"&apos;", "'"},
                                                 {"&amp;", "&"}})
            replace_all(text, entity, stands_for);
        out.push_back(std::move(text));
        at = end;
    }
    return out;
}

error s3_refusal(int status, const std::string& body) {
    const auto code = xml_texts(body, "Code"), message = xml_texts(body, "Message");
    auto why = "it answered " + std::to_string(status);
    if (!code.empty()) why += ", " + code.front().substr(0, 100);
    if (!message.empty()) why += ": " + message.front().substr(0, 300);
    auto refused = s3_failure(why);
    if (status == 404) refused.kind = errc::not_found;
    const bool passes = status == 429 || (status >= 500 && status != 501);  // 501: it never will
    if (!passes && status != 404) refused.kind = errc::failed;
    return refused;
}

s3_client::tls_settings::tls_settings() {
    context.set_default_verify_paths();
    context.set_verify_mode(asio::ssl::verify_peer);
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
}

task<result<>> s3_client::connection::open(web_address to) {
    error_code ec;
    tcp::resolver resolver(co_await asio::this_coro::executor);
    const auto found = co_await resolver.async_resolve(to.host, std::to_string(to.port),
                                                       asio::redirect_error(asio::use_awaitable, ec));
    pass_cancellation(ec);
    if (ec) co_return s3_failure(to.host + ": " + ec.message());
    co_await asio::async_connect(stream_.next_layer(), found, asio::redirect_error(asio::use_awaitable, ec));
    pass_cancellation(ec);
    if (ec) co_return s3_failure(to.host + ": " + ec.message());
    stream_.next_layer().set_option(tcp::no_delay(true), ec);
    tls_ = to.tls;
    if (!tls_) co_return result<>();
    SSL_set_tlsext_host_name(stream_.native_handle(), to.host.c_str());
    stream_.set_verify_callback(asio::ssl::host_name_verification(to.host));
    co_await stream_.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, ec));
    pass_cancellation(ec);
    if (ec) co_return s3_failure(to.host + ": " + ec.message());
    co_return result<>();
}

task<result<>> s3_client::connection::write(std::string head, body content) {
    error_code ec;
    std::vector<asio::const_buffer> all{asio::buffer(head)};
    if (content) all.push_back(asio::buffer(*content));
    if (tls_)
        co_await asio::async_write(stream_, all, asio::redirect_error(asio::use_awaitable, ec));
    else
        co_await asio::async_write(stream_.next_layer(), all, asio::redirect_error(asio::use_awaitable, ec));
    pass_cancellation(ec);
    // A store that refuses a large body may answer before it has read it: the answer says why.
    if (ec && ec != asio::error::broken_pipe && ec != asio::error::connection_reset) co_return s3_failure(ec.message());
    co_return result<>();
}

task<result<>> s3_client::connection::fill() {
    error_code ec;
    const auto before = data_.size();
    data_.resize(before + read_size);
    const auto room = asio::buffer(data_.data() + before, read_size);
    std::size_t got = 0;
    if (tls_)
        got = co_await stream_.async_read_some(room, asio::redirect_error(asio::use_awaitable, ec));
    else
        got = co_await stream_.next_layer().async_read_some(room, asio::redirect_error(asio::use_awaitable, ec));
    pass_cancellation(ec);
    data_.resize(before + got);
    if (!response_.has_header()) head_.append(data_, before, got);
    if (!ec) co_return response_.feed(data_);
    ended_ = true;
    if (ec == asio::error::eof || ec == asio::ssl::error::stream_truncated) co_return response_.end();
    co_return s3_failure(ec.message());
}

std::string s3_client::connection::etag() const {
    constexpr std::string_view name = "\r\netag:";
    const auto end = std::min(head_.find("\r\n\r\n"), head_.size());
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    const auto at =
        std::search(head_.begin(), head_.begin() + static_cast<std::ptrdiff_t>(end), name.begin(), name.end(), same);
    const auto from = static_cast<std::size_t>(at - head_.begin());
    if (from >= end) return {};
    const auto begin = head_.find_first_not_of(" \t", from + name.size());
    return head_.substr(begin, head_.find("\r\n", begin) - begin);
}

task<result<>> s3_client::connection::read_header() {
    while (!response_.has_header()) {
        auto more = co_await fill();
        if (!more) co_return s3_failure(more.error().message);
    }
    co_return result<>();
}

task<result<std::string>> s3_client::connection::read() {
    while (response_.body_size() == 0 && !response_.complete()) {
        if (ended_) co_return s3_failure("the connection broke");
        auto more = co_await fill();
        if (!more) co_return s3_failure(more.error().message);
    }
    co_return response_.take_body();
}

}  // namespace gasper::control
