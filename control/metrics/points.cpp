#include "control/metrics/points.hpp"

#include <algorithm>
#include <numeric>

namespace gasper::control {

request_values to_values(const app_traffic& traffic) {
    request_values values{};
    auto next = values.begin();
    *next++ = static_cast<double>(traffic.requests);
    next = std::copy(traffic.by_class.begin(), traffic.by_class.end(), next);
    next = std::copy(traffic.latency.begin(), traffic.latency.end(), next);
    *next++ = static_cast<double>(traffic.latency_us);
    *next++ = static_cast<double>(traffic.bytes_out);
    return values;
}

app_traffic to_traffic(std::span<const double> values) {
    app_traffic traffic;
    if (values.size() != request_columns) return traffic;
    std::size_t next = 0;
    const auto take = [&] { return static_cast<std::uint64_t>(values[next++]); };
    traffic.requests = take();
    std::generate(traffic.by_class.begin(), traffic.by_class.end(), take);
    std::generate(traffic.latency.begin(), traffic.latency.end(), take);
    traffic.latency_us = take();
    traffic.bytes_out = take();
    return traffic;
}

double latency_quantile(const app_traffic& traffic, double share) {
    const auto all = std::accumulate(traffic.latency.begin(), traffic.latency.end(), std::uint64_t{0});
    if (all == 0) return 0;
    const double wanted = share * static_cast<double>(all);
    double below = 0;
    for (std::size_t i = 0; i < latency_bounds_ms.size(); ++i) {
        const auto here = static_cast<double>(traffic.latency[i]);
        if (here > 0 && below + here >= wanted) {
            const double from = i == 0 ? 0 : latency_bounds_ms[i - 1];
            return from + (latency_bounds_ms[i] - from) * (wanted - below) / here;
        }
        below += here;
    }
    return latency_bounds_ms.back();
}

std::span<const merge> instance_rules() {
    return instance_columns;
}

std::span<const merge> request_rules() {
    static constexpr std::array<merge, request_columns> all_sums{};
    return all_sums;
}

double value_of(const point& p, instance_column column) {
    const auto i = static_cast<std::size_t>(column);
    return i < p.values.size() ? p.values[i] : 0;
}

}  // namespace gasper::control
