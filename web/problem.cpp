#include "web/problem.hpp"

#include <nlohmann/json.hpp>

namespace gasper::web {

int status_of(errc kind) noexcept {
    switch (kind) {
        case errc::invalid:
            return 422;
        case errc::unauthenticated:
            return 401;
        case errc::forbidden:
            return 403;
        case errc::not_found:
            return 404;
        case errc::conflict:
            return 409;
        case errc::too_large:
            return 413;
        case errc::rate_limited:
            return 429;
        case errc::unavailable:
            return 503;
        case errc::deadline:
            return 504;
        case errc::cancelled:
            return 503;
        case errc::failed:
            return 500;
    }
    return 500;
}

response problem(const error& why) {
    return problem(status_of(why.kind), why);
}

response problem(int status, const error& why) {
    const nlohmann::json body{{"type", "about:blank"},
                              {"title", reason_phrase(status)},
                              {"status", status},
                              {"code", why.code},
                              {"detail", why.message}};
    response out;
    out.status = status;
    out.fields.set("Content-Type", "application/problem+json");
    if (status == 401) out.fields.set("WWW-Authenticate", "Bearer realm=\"gasper\"");
    out.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return out;
}

}  // namespace gasper::web
