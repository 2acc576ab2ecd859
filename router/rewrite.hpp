// What the router changes in a head on its way through: hop-by-hop fields go, forwarding fields come (Heroku's:
// X-Forwarded-*, X-Request-Id, X-Request-Start). Sans-io. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "router/http_head.hpp"

namespace gasper::router {

/// How the request reached the router.
struct hop {
    std::string_view client;  // the peer's address, without brackets or port
    std::string_view port;    // the router's port
    bool https{false};
    std::string_view request_id;
    std::string_view start_ms;  // Unix time, milliseconds
};

/// Is it an id that may be kept: 20 … 200 of letters, digits and -_=+/.?
bool is_request_id(std::string_view id) noexcept;

/// Does the router pass this upgrade on? Not to HTTP/2 in clear text: its requests would bypass the router.
bool passes_upgrade(const request_head& head) noexcept;

/// Appends the head for the instance to `out`.
void append_request(const request_head& head, const hop& from, std::string& out);

struct response_form {
    int client_minor{1};
    bool keep_alive{true};            // the client's connection
    body_kind body{body_kind::none};  // as the client will get it
    bool switches{false};             // 101
};
void append_response(const response_head& head, response_form form, std::string& out);

}  // namespace gasper::router
