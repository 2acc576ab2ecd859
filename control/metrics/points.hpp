// What is measured, as values: the columns of an instance's and of an app's series, and how two spans of time become
// one.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "core/tables/report.hpp"

namespace gasper::control {

enum class merge { sum, largest };

/// Of an instance. Averages are sums over seconds, so that spans of any length add up.
enum class instance_column { seconds, cpu_seconds, memory_byte_seconds, memory_largest, received, sent, restarts };
inline constexpr std::array<merge, 7> instance_columns{merge::sum, merge::sum, merge::sum, merge::largest,
                                                       merge::sum, merge::sum, merge::sum};

/// Of an app's requests: what the router reported, without those in flight.
inline constexpr std::size_t request_columns =
    3 + std::tuple_size_v<decltype(app_traffic::by_class)> + std::tuple_size_v<decltype(app_traffic::latency)>;
using request_values = std::array<double, request_columns>;
request_values to_values(const app_traffic& traffic);
app_traffic to_traffic(std::span<const double> values);

/// The latency below which `share` (0 … 1) of the requests stayed, in milliseconds, interpolated within its bucket; 0
/// when there were none. What is beyond the last bound is said to be at it.
double latency_quantile(const app_traffic& traffic, double share);

/// Which columns add up, by their number.
std::span<const merge> instance_rules();
std::span<const merge> request_rules();

/// A span of time, by its beginning in seconds since the epoch.
struct point {
    std::int64_t at{0};
    std::vector<double> values;
};

double value_of(const point& p, instance_column column);

}  // namespace gasper::control
