// Refusals as values. A function that may refuse returns result<T>; faults (broken invariants, lost
// resources) throw and are caught at the edge of a scope, a request or a job.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>

namespace gasper {

/// What a door needs to know to answer: each maps to one HTTP status and one exit status.
enum class errc {
    invalid,          // the request itself is wrong: 422
    unauthenticated,  // 401
    forbidden,        // 403
    not_found,        // 404
    conflict,         // the state does not allow it now: 409
    too_large,        // over a limit: 413
    rate_limited,     // 429
    unavailable,      // a part that is needed does not answer: 503
    deadline,         // it took too long: 504
    cancelled,        // shutdown or superseded
    failed            // it was tried and did not work: 500
};

/// `code` is stable and machine-readable ("app_not_found"); `message` tells a person what was wrong,
/// where, and what to do. Never a secret in either.
struct error {
    errc kind{errc::failed};
    std::string code;
    std::string message;
    bool operator==(const error&) const = default;
};

template <class T = void>
using result = boost::system::result<T, error>;

/// Thrown by result<T>::value() on a refusal.
class refusal : public std::exception {
 public:
    explicit refusal(error e) : reason_(std::move(e)) {}
    const char* what() const noexcept override { return reason_.message.c_str(); }
    const error& reason() const noexcept { return reason_; }

 private:
    error reason_;
};

[[noreturn]] void throw_exception_from_error(const error& e, const boost::source_location&);

std::string_view to_string(errc kind) noexcept;

inline error fail(errc kind, std::string code, std::string message) {
    return {kind, std::move(code), std::move(message)};
}

}  // namespace gasper
