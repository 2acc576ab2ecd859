// What the web door can be told, with defaults and units.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace gasper::web {

struct options {
    std::string address{"127.0.0.1"};  // numeric
    std::uint16_t port{8000};          // 0: any free one
    /// Apps live at <app>.<domain>; the dashboard also answers as gasper.<domain>.
    std::string domain{"localhost"};
    /// What app names and ".git" are appended to for a git remote, as the people outside reach it.
    std::string git_url{"ssh://git@localhost:2222/"};
    /// Further names that may stand in a Host header, without ports.
    std::vector<std::string> hosts;

    std::chrono::seconds session{std::chrono::hours(12)};      // a login's life
    std::chrono::seconds request_limit{60};                    // a use case that takes longer: 504
    std::chrono::seconds stream_limit{std::chrono::hours(1)};  // then an event stream ends; clients come back
    std::chrono::seconds heartbeat{15};                        // of an event stream

    std::size_t max_connections{512};
    std::size_t max_streams{200};
    std::size_t max_head{16u << 10};      // bytes
    std::size_t max_body{1u << 20};       // bytes
    std::chrono::seconds head_limit{10};  // from a request's first byte to the end of its head
    std::chrono::seconds body_limit{30};
    std::chrono::seconds write_limit{30};  // of one response, or one piece of a stream
    std::chrono::seconds idle_limit{60};   // between requests
};

}  // namespace gasper::web
