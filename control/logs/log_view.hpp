// One reader's view of an app's log: the newest lines that were kept, then what comes, until cancelled. Lives on the
// control executor for the length of one request.
#pragma once

#include <functional>
#include <string>

#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/logs/store.hpp"

namespace gasper::control {

struct log_query {
    int lines{100};  // of the past, at most 10,000
    bool follow{false};
    log_filter filter;
    std::uint64_t after{0};  // only lines behind this one: of a reader that comes back
};

/// Hears lines in order. Sequence 0: a word to this reader alone.
using log_sink = std::function<void(const log_entry&)>;

/// "2026-01-02T03:04:05.678Z app[web.1]: text"
std::string to_line(const log_entry& e);

/// Parses "10m", "2h", "3d", "45s" (before now), or RFC 3339.
result<log_time> parse_log_time(const std::string& text, log_time now);

task<result<>> show_log(log_store& store, std::string app, log_query query, log_sink sink);

}  // namespace gasper::control
