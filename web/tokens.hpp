// Who a login is for: signed tokens (JWT, HS256) that name a user and an end. Nothing is stored: a token is valid
// until its end, and as long as its user exists. Immutable; thread-safe.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/model/model.hpp"

namespace gasper::web {

class tokens {
 public:
    /// `key`: 32 bytes that only this server knows.
    tokens(std::string_view key, std::chrono::seconds life);

    struct issued {
        std::string text;
        sys_time expires;
    };
    issued issue(user_id who, sys_time at = now()) const;

    /// Refuses with errc::unauthenticated: "token_invalid", "token_expired".
    result<user_id> verify(std::string_view text) const;

 private:
    std::string key_;
    std::chrono::seconds life_;
};

}  // namespace gasper::web
