#include "core/base/error.hpp"

namespace gasper {

void throw_exception_from_error(const error& e, const boost::source_location&) {
    throw refusal(e);
}

std::string_view to_string(errc kind) noexcept {
    switch (kind) {
        case errc::invalid:
            return "invalid";
        case errc::unauthenticated:
            return "unauthenticated";
        case errc::forbidden:
            return "forbidden";
        case errc::not_found:
            return "not_found";
        case errc::conflict:
            return "conflict";
        case errc::too_large:
            return "too_large";
        case errc::rate_limited:
            return "rate_limited";
        case errc::unavailable:
            return "unavailable";
        case errc::deadline:
            return "deadline";
        case errc::cancelled:
            return "cancelled";
        case errc::failed:
            return "failed";
    }
    return "failed";
}

}  // namespace gasper
