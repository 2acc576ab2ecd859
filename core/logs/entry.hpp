// One line of an app's log, and its form in a segment: a line of text with tabs between the fields. Values.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace gasper {

using log_time = std::chrono::sys_time<std::chrono::nanoseconds>;
inline log_time log_now() {
    return std::chrono::system_clock::now();
}

/// How far a source was read: a place in it that only grows, compared as a pair. For a container's stream: the engine's
/// time in nanoseconds and the count of lines at that nanosecond.
struct log_place {
    std::int64_t major{0}, minor{0};
    auto operator<=>(const log_place&) const = default;
};

/// Origin → the place of the newest line that is kept of it. Origins: letters, digits, '/', '-', '.'; ≤ 96 bytes.
using log_marks = std::map<std::string, log_place, std::less<>>;

struct log_entry {
    std::uint64_t sequence{0};  // given by the store, grows without end; 0: not kept
    log_time at{};
    std::string source;  // "app[web.1]", "router", "gasper"
    bool error{false};   // came from standard error
    std::string text;    // one line, as the app wrote it
    std::string origin;  // what it was read from; empty: it came from here and is not resumed
    log_place place{};
};

/// With its newline. Line ends in the text become blanks.
void append_record(const log_entry& e, std::string& out);
/// A segment's opening lines: what was read of an origin before.
void append_mark(std::string_view origin, log_place place, std::string& out);
/// A line without its newline; sequence 0: it is a mark. None: it is damaged.
std::optional<log_entry> parse_record(std::string_view line);

}  // namespace gasper
