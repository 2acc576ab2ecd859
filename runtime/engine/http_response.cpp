#include "runtime/engine/http_response.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

namespace gasper::runtime {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

class http_response::parser : public http::basic_parser<false> {
 public:
    parser() {
        header_limit(16 * 1024);
        body_limit(boost::none);  // the caller bounds what it keeps; streams have no end
        eager(true);
    }
    int status{0};
    std::string body;

 private:
    void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int code, string_view, int, error_code&) override { status = code; }
    void on_field_impl(http::field, string_view, string_view, error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view data, error_code&) override {
        body.append(data.data(), data.size());
        return data.size();
    }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view data, error_code&) override {
        body.append(data.data(), data.size());
        return data.size();
    }
    void on_finish_impl(error_code&) override {}
};

namespace {

error broken(const error_code& ec) {
    return fail(errc::unavailable, "engine_protocol", "the engine's answer is not HTTP: " + ec.message());
}

}  // namespace

http_response::http_response() : parser_(std::make_unique<parser>()) {}
http_response::~http_response() = default;

result<> http_response::feed(std::string& data, bool header_only) {
    parser_->eager(!header_only);
    std::size_t used = 0;
    while (used < data.size() && !parser_->is_done() && !(header_only && parser_->is_header_done())) {
        error_code ec;
        const auto n = parser_->put(boost::asio::const_buffer(data.data() + used, data.size() - used), ec);
        used += n;
        if (ec == http::error::need_more) break;
        if (ec) return broken(ec);
        if (n == 0) break;
    }
    data.erase(0, used);
    return {};
}

result<> http_response::end() {
    if (parser_->is_done()) return {};
    error_code ec;
    if (parser_->got_some()) {
        parser_->put_eof(ec);
        if (!ec && parser_->is_done()) return {};
    }
    return fail(errc::unavailable, "engine_gone", "the engine closed the connection in the middle of an answer");
}

bool http_response::has_header() const noexcept {
    return parser_->is_header_done();
}
bool http_response::complete() const noexcept {
    return parser_->is_done();
}
bool http_response::keep_alive() const noexcept {
    return parser_->is_done() && parser_->keep_alive();
}
int http_response::status() const noexcept {
    return parser_->status;
}
std::size_t http_response::body_size() const noexcept {
    return parser_->body.size();
}
std::string http_response::take_body() {
    return std::exchange(parser_->body, {});
}

}  // namespace gasper::runtime
