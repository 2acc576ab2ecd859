// Follows one message body through whatever frames it, sans-io: how many of the bytes at hand belong to it, and whether
// it has ended. A value: a copy goes back to an earlier point. Any thread.
#pragma once

#include <algorithm>
#include <string_view>

#include "router/chunked.hpp"
#include "router/http_head.hpp"

namespace gasper::router {

class body_framing {
 public:
    body_framing() = default;
    body_framing(body_kind kind, std::uint64_t length) noexcept : kind_(kind), left_(length) {}

    body_kind kind() const noexcept { return kind_; }
    bool done() const noexcept {
        switch (kind_) {
            case body_kind::none:
                return true;
            case body_kind::length:
                return left_ == 0;
            case body_kind::chunked:
                return scanner_.done();
            case body_kind::until_close:
                return false;
        }
        return true;
    }

    struct step {
        std::size_t used{0};     // of the data
        std::size_t payload{0};  // content among it
        bool bad{false};
    };

    step take(std::string_view data) noexcept {
        if (kind_ == body_kind::chunked) return from(scanner_.scan(data));
        return plain(data.size());
    }
    /// As take(), and content is moved to the front of the data.
    step decode(char* data, std::size_t size) noexcept {
        if (kind_ == body_kind::chunked) return from(scanner_.decode(data, size));
        return plain(size);
    }

 private:
    static step from(chunked_scanner::step s) noexcept {
        return {s.used, s.payload, s.is == chunked_scanner::status::bad};
    }
    step plain(std::size_t size) noexcept {
        if (kind_ == body_kind::none) return {};
        if (kind_ == body_kind::length) {
            size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
            left_ -= size;
        }
        return {size, size, false};
    }

    body_kind kind_{body_kind::none};
    std::uint64_t left_{0};
    chunked_scanner scanner_;
};

}  // namespace gasper::router
