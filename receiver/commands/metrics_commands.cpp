#include <fmt/format.h>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

using column = control::instance_column;

std::string size(double bytes) {
    if (bytes < 1 << 20) return fmt::format("{:.1f}K", bytes / 1024);
    return bytes < 1 << 30 ? fmt::format("{:.1f}M", bytes / (1 << 20)) : fmt::format("{:.2f}G", bytes / (1 << 30));
}

std::string instances_table(const control::app_metrics& m) {
    std::vector<std::vector<std::string>> rows{
        {"INSTANCE", "CPU NOW", "CPU", "MEMORY NOW", "LARGEST", "RECEIVED", "SENT", "RESTARTS"}};
    for (const auto& [name, points] : m.series.instances) {
        double length = 0, cpu = 0, largest = 0, received = 0, sent = 0, restarts = 0;
        for (const auto& p : points) {
            length += control::value_of(p, column::seconds);
            cpu += control::value_of(p, column::cpu_seconds);
            largest = std::max(largest, control::value_of(p, column::memory_largest));
            received += control::value_of(p, column::received);
            sent += control::value_of(p, column::sent);
            restarts += control::value_of(p, column::restarts);
        }
        const auto& wanted = name;  // clang 14 does not capture what is bound with others
        const auto there = std::find_if(m.now.begin(), m.now.end(), [&](const auto& i) { return i.name == wanted; });
        const bool runs = there != m.now.end();
        rows.push_back({name, runs ? fmt::format("{:.1f}%", there->cpus * 100) : "-",
                        fmt::format("{:.1f}%", length > 0 ? cpu / length * 100 : 0),
                        runs ? size(static_cast<double>(there->usage.memory_bytes)) : "-", size(largest),
                        size(received), size(sent), fmt::format("{:.0f}", restarts)});
    }
    return columns(rows);
}

std::string requests_line(const control::app_metrics& m) {
    app_traffic all;
    for (const auto& p : m.series.requests)
        all += control::to_traffic(p.values);
    if (all.requests == 0) return "Requests: none\n";
    std::string line = fmt::format("Requests: {}", all.requests);
    for (std::size_t c = 1; c < all.by_class.size(); ++c)
        if (all.by_class[c] > 0) line += fmt::format(", {}xx {}", c, all.by_class[c]);
    if (all.by_class[0] > 0) line += fmt::format(", left by the client {}", all.by_class[0]);
    return line + fmt::format("; p50 {:.0f} ms, p95 {:.0f} ms, p99 {:.0f} ms\n", control::latency_quantile(all, 0.5),
                              control::latency_quantile(all, 0.95), control::latency_quantile(all, 0.99));
}

}  // namespace

task<result<>> run_metrics(command_call& call) {
    int hours = 1;
    if (call.has("hours")) {
        auto given = parse_number(call.options["hours"], "--hours", 720);
        if (!given) co_return given.error();
        hours = *given;
    }
    control::metrics_query query;
    query.from = std::chrono::floor<std::chrono::seconds>(now()).time_since_epoch().count() - hours * 3600LL;
    auto m = co_await call.platform.metrics().of(call.who, call.app, query);
    if (!m) co_return m.error();
    if (call.json) {
        call.print(json_text(control::as_json(*m)));
        co_return result<>{};
    }
    call.print(fmt::format("=== {}, the last {}\n", call.app, hours == 1 ? "hour" : fmt::format("{} hours", hours)));
    if (m->series.instances.empty())
        call.print("Nothing was measured yet: the first numbers come ten seconds after the start.\n");
    else
        call.print(instances_table(*m));
    call.print(requests_line(*m));
    co_return result<>{};
}

}  // namespace gasper::receiver
