// One HTTP/1.1 response, parsed as its bytes come. Sans-io over Beast's parser, which stays in the source file. Not
// thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper::runtime {

class http_response {
 public:
    http_response();
    ~http_response();
    http_response(const http_response&) = delete;
    http_response& operator=(const http_response&) = delete;

    /// Takes what it can from the front of `data` and erases that; the rest waits for more bytes. After the header it
    /// stops when `header_only`: what follows is then left in `data` (a hijacked stream).
    result<> feed(std::string& data, bool header_only = false);
    /// The peer closed. Refuses when the response is not complete by that.
    result<> end();

    bool has_header() const noexcept;
    bool complete() const noexcept;
    bool keep_alive() const noexcept;
    int status() const noexcept;

    /// Body decoded so far; take_body() hands it over, so that a stream needs no more memory than a chunk.
    std::size_t body_size() const noexcept;
    std::string take_body();

 private:
    class parser;
    std::unique_ptr<parser> parser_;
};

}  // namespace gasper::runtime
