// The dashboard's files, built by Vite and compiled into the program (web/dashboard/embed.mjs writes their source).
#pragma once

#include <span>
#include <string_view>

#include "web/http.hpp"

namespace gasper::web {

struct asset {
    std::string_view path;  // "/assets/index-1a2b3c.js"
    std::string_view type;
    std::string_view tag;  // strong ETag, quoted
    bool immutable;        // its name changes with its content
    std::string_view plain;
    std::string_view gzip;  // empty: it does not pay
};
std::span<const asset> assets();

/// A file, or for any other path without a dot in its last segment the page itself: the dashboard has its own routes.
response dashboard(const request& r, std::string_view path);

}  // namespace gasper::web
