#include "core/tables/traffic_text.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace gasper {

namespace {

std::string label(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

void describe(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(out), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

void histogram(std::string& out, const std::string& app, const app_traffic& t) {
    auto to = std::back_inserter(out);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < latency_bounds_ms.size(); ++i) {
        sum += t.latency[i];
        fmt::format_to(to, "gasper_app_request_seconds_bucket{{app=\"{}\",le=\"{}\"}} {}\n", app,
                       latency_bounds_ms[i] / 1000.0, sum);
    }
    sum += t.latency.back();
    fmt::format_to(to, "gasper_app_request_seconds_bucket{{app=\"{}\",le=\"+Inf\"}} {}\n", app, sum);
    fmt::format_to(to, "gasper_app_request_seconds_sum{{app=\"{}\"}} {:.6f}\n", app,
                   static_cast<double>(t.latency_us) / 1e6);
    fmt::format_to(to, "gasper_app_request_seconds_count{{app=\"{}\"}} {}\n", app, sum);
}

}  // namespace

std::string prometheus_text(const std::map<std::string, app_traffic>& totals) {
    static constexpr std::array<std::string_view, 6> classes{"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    std::string out;
    auto to = std::back_inserter(out);
    describe(out, "gasper_app_requests_total", "counter", "Requests by the class of their answer.");
    for (const auto& [name, t] : totals)
        for (std::size_t i = 0; i < classes.size(); ++i)
            fmt::format_to(to, "gasper_app_requests_total{{app=\"{}\",class=\"{}\"}} {}\n", label(name), classes[i],
                           t.by_class[i]);
    describe(out, "gasper_app_request_seconds", "histogram", "From the request's head to the answer's last byte.");
    for (const auto& [name, t] : totals)
        histogram(out, label(name), t);
    describe(out, "gasper_app_sent_bytes_total", "counter", "Bytes sent to clients.");
    for (const auto& [name, t] : totals)
        fmt::format_to(to, "gasper_app_sent_bytes_total{{app=\"{}\"}} {}\n", label(name), t.bytes_out);
    describe(out, "gasper_app_requests_in_flight", "gauge", "Requests that have not ended, WebSockets too.");
    for (const auto& [name, t] : totals)
        fmt::format_to(to, "gasper_app_requests_in_flight{{app=\"{}\"}} {}\n", label(name), t.in_flight);
    return out;
}

}  // namespace gasper
