// HTTP as the handlers see it: small values, no sockets and no Beast. A response is a body, or a stream of
// server-sent events that a coroutine produces. Used on the control executor only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/asio.hpp"

namespace gasper::web {

enum class method { get, head, post, put, patch, del, options, other };
std::string_view to_string(method m) noexcept;
method parse_method(std::string_view name) noexcept;

/// Fields in order; names compare without case.
class headers {
 public:
    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    /// Replaces every field of that name.
    void set(std::string_view name, std::string value);
    /// The first of that name; empty when there is none.
    std::string_view get(std::string_view name) const noexcept;
    bool has(std::string_view name) const noexcept;
    std::size_t count(std::string_view name) const noexcept;
    auto begin() const noexcept { return fields_.begin(); }
    auto end() const noexcept { return fields_.end(); }

 private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept;

struct request {
    method verb{method::get};
    std::string target;  // as on the request line: path and query, still escaped
    headers fields;
    std::string body;
    std::string peer;  // the connection's other end, a numeric address
};

class event_queue;
/// Pushes events until it is done or cancelled. The queue outlives it.
using event_source = std::function<task<>(event_queue&)>;

struct response {
    int status{200};
    headers fields;
    std::string body;
    std::string_view fixed;  // a body that lives as long as the program, instead of `body`
    event_source events;     // an event stream, instead of either
    std::string_view content() const noexcept { return fixed.empty() ? std::string_view(body) : fixed; }
};

std::string_view reason_phrase(int status) noexcept;

}  // namespace gasper::web
