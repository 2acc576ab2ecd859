// Which requests come from whom, decided from their heads alone: host names that are ours (against DNS rebinding),
// the origin of a page's request (against forged ones), the session cookie, and the client behind a proxy on this
// machine. Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "web/http.hpp"
#include "web/options.hpp"

namespace gasper::web {

/// The client as the outermost proxy that we trust saw it. X-Forwarded-* counts only from loopback, and of a list only
/// the last entry: the one that the proxy itself wrote.
struct client {
    std::string address;
    bool secure{false};  // it speaks TLS
};
client client_of(const request& r);

/// localhost and names under it, IP literals, the domain, gasper.<domain>, and the configured ones.
bool host_allowed(const headers& fields, const options& o);

/// Whether a browser sent this from one of our own pages: Origin is there and names the same host and port as Host.
bool same_origin(const headers& fields);

/// The credential of a request.
struct credential {
    std::string_view token;
    bool cookie{false};  // sent by a browser on its own account: needs same_origin() to change anything
};
std::optional<credential> credential_of(const headers& fields);

/// Set-Cookie for a new session, or to forget it (empty token). Over TLS with the __Host- prefix, which keeps apps
/// on sibling names from planting one of theirs.
std::string session_cookie(std::string_view token, std::chrono::seconds life, bool secure);

/// Content-Security-Policy and its company, on every response.
void add_security_headers(headers& fields);

}  // namespace gasper::web
