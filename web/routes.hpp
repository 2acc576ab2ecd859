// The table of everything the API answers: method, pattern, what runs, and what it takes and gives. Requests are held
// to it (query parameters, body schema, who may come), and the OpenAPI document is written from it: neither can say
// what the other does not.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/identity.hpp"
#include "core/base/error.hpp"
#include "web/http.hpp"
#include "web/uri.hpp"

namespace gasper {
class logger;
}
namespace gasper::control {
class platform;
}

namespace gasper::web {

class tokens;
class login_throttle;
struct options;
struct client;

/// What handlers use. Lives as long as the API.
struct services {
    control::platform& platform;
    const tokens& logins;
    login_throttle& throttle;
    const options& settings;
    logger& log;
    int logins_in_flight{0};
    const std::string& openapi;
};

/// One request, already held to its route. References live until the handler has returned; an event source that
/// outlives it takes copies.
struct call {
    const request& in;
    const client& from;
    control::identity who;  // nobody's on an anonymous route
    std::map<std::string_view, std::string> path;
    std::map<std::string, std::string> query;
    const nlohmann::json& body;

    const std::string& text(std::string_view parameter) const { return path.at(parameter); }
    /// A path parameter or query parameter that the route declares as integer.
    std::int64_t number(std::string_view parameter) const;
    std::int64_t number(const std::string& query_parameter, std::int64_t otherwise) const;
    bool flag(const std::string& query_parameter) const;
};

using handler = task<result<response>> (*)(services&, call);

enum class kind { text, integer, boolean };

struct parameter {
    std::string_view name;
    kind type{kind::text};
    std::string_view doc;
    std::int64_t least{0}, most{0};  // of an integer; of text: its length in bytes
    bool required{false};
};

struct answer {
    int status;
    std::string_view schema;  // empty: no body
    std::string_view doc;
    std::string_view type{"application/json"};
};

struct route {
    method verb;
    std::string_view pattern;  // "/api/v1/apps/{app}"
    handler run;
    std::string_view id;     // operationId
    std::string_view group;  // tag
    std::string_view summary;
    std::vector<answer> answers;
    std::vector<parameter> query{};
    std::string_view body{};  // schema of the request body; empty: none
    bool anonymous{false};
    std::vector<int> refusals{};  // statuses beyond the common ones
};

/// What several routes take and give.
inline constexpr parameter newest_first{"limit", kind::integer, "how many, the newest first (default 50)", 1, 1000};
inline constexpr std::string_view event_stream = "text/event-stream";
inline constexpr std::string_view job_events =
    "one event a line of the log, its id the line's number; at the end `event: end` with {\"state\", \"reason\"}";

/// Every route there is.
std::span<const route> routes();
/// Those of jobs, one-off processes and volumes.
std::vector<route> work_routes();

/// What may stand in braces in a pattern.
const parameter& path_parameter(std::string_view name);

struct found {
    const route* at{nullptr};                      // none: nothing has this path, or not with this method
    std::map<std::string_view, std::string> path;  // parameters, unescaped
    std::vector<method> allowed;                   // methods of this path
};
/// HEAD is found as GET. A path parameter that is out of its bounds does not match.
found find_route(std::span<const route> table, method verb, const std::vector<std::string>& segments);

/// Refuses unknown, missing and ill-typed query parameters, naming them.
result<> check_query(const route& r, const std::map<std::string, std::string>& query);

/// The document for a table, OpenAPI 3.1.
std::string openapi_document(std::span<const route> table, std::string_view version);

}  // namespace gasper::web
