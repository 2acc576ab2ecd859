// Request targets (RFC 9112 §3.2, origin form): taken apart before they are unescaped, so that an escaped slash stays
// part of its segment.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace gasper::web {

struct target {
    std::string path;                   // escaped, without the query
    std::vector<std::string> segments;  // unescaped: "/api/v1" is {"api", "v1"}; an empty last one for a final slash
    std::map<std::string, std::string> query;
};

/// Refuses bad escapes, NUL, more than 32 query parameters, a parameter given twice.
result<target> parse_target(std::string_view text);

/// One segment or query value, "+" meaning itself.
result<std::string> unescape(std::string_view text);
std::string escape(std::string_view segment);

}  // namespace gasper::web
