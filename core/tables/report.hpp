// What a data plane says back over the feed, beyond which version it applied: which instances that left its table still
// have requests, which sleeping apps are asked for, since when apps have been idle, what traffic there was. A value
// and its JSON, bounded both ways. Any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gasper {

/// The upper bounds of a latency histogram's buckets; one bucket more takes the rest.
inline constexpr std::array<std::uint32_t, 14> latency_bounds_ms{1,   2,   5,    10,   25,   50,    100,
                                                                 250, 500, 1000, 2500, 5000, 10000, 30000};

/// Requests of one app. All but `in_flight` are differences to the report before: added up they are the whole.
struct app_traffic {
    std::uint64_t requests{0};
    std::array<std::uint64_t, 6> by_class{};  // [2]: answered 2xx; [0]: the client left before an answer
    std::array<std::uint64_t, latency_bounds_ms.size() + 1>
        latency{};                // ended requests by time; upgrades are not in it
    std::uint64_t latency_us{0};  // the sum of their times
    std::uint64_t bytes_out{0};   // to clients
    std::uint32_t in_flight{0};   // now
    bool operator==(const app_traffic&) const = default;

    app_traffic& operator+=(const app_traffic& more) noexcept;
};

/// How many requests each instance that left the table still has, by address ("192.0.2.1:5000"). Instances without any
/// are not named.
struct leaving_instances {
    std::map<std::string, std::uint64_t> in_flight;
    bool complete{true};  // false: there are more than fit
    bool operator==(const leaving_instances&) const = default;
};

struct feed_report {
    std::optional<leaving_instances> leaving;               // replaces what was said before; none: nothing new
    std::set<std::string> wake;                             // sleeping apps with requests that wait
    std::map<std::string, std::chrono::milliseconds> idle;  // since the last request of the app ended; 0: it has some
    std::map<std::string, app_traffic> traffic;

    bool empty() const noexcept { return !leaving && wake.empty() && idle.empty() && traffic.empty(); }
    bool operator==(const feed_report&) const = default;
};

struct report_limits {
    static constexpr std::size_t line = 256u << 10;  // bytes of one line
    static constexpr std::size_t leaving = 1'024;    // instances named
    static constexpr std::size_t apps = 128;  // of each kind in one line; a report takes as many lines as it needs
};

/// Adds the report's keys to lines that are copies of `head` (an object: who speaks).
std::vector<std::string> to_lines(const feed_report& report, const nlohmann::json& head);

/// None when a key of a report is there and malformed; keys that it does not know are ignored.
std::optional<feed_report> read_report(const nlohmann::json& line);

}  // namespace gasper
