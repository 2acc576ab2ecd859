#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "web/handlers/handlers.hpp"
#include "web/handlers/views.hpp"

namespace gasper::web::handlers {

namespace {

using nlohmann::json;
using column = control::instance_column;

json view(const control::point& p) {
    const double seconds = std::max(control::value_of(p, column::seconds), 1e-3);
    return {{"at", p.at},
            {"cpus", control::value_of(p, column::cpu_seconds) / seconds},
            {"memory_bytes", control::value_of(p, column::memory_byte_seconds) / seconds},
            {"memory_largest_bytes", control::value_of(p, column::memory_largest)},
            {"received_bytes", control::value_of(p, column::received)},
            {"sent_bytes", control::value_of(p, column::sent)},
            {"restarts", control::value_of(p, column::restarts)}};
}

json view_of_requests(const control::point& p) {
    const auto traffic = control::to_traffic(p.values);
    return {{"at", p.at},
            {"requests", traffic.requests},
            {"by_class", traffic.by_class},
            {"by_latency", traffic.latency},
            {"sent_bytes", traffic.bytes_out},
            {"p50_ms", control::latency_quantile(traffic, 0.5)},
            {"p95_ms", control::latency_quantile(traffic, 0.95)},
            {"p99_ms", control::latency_quantile(traffic, 0.99)}};
}

}  // namespace

task<result<response>> show_metrics(services& s, call c) {
    const control::metrics_query query{c.number("from", 0), c.number("to", 0), c.number("step", 0)};
    auto m = co_await s.platform.metrics().of(c.who, c.text("app"), query);
    if (!m) co_return m.error();
    json out{{"from", m->when.from}, {"to", m->when.to}, {"step", m->when.step}};
    out["latency_bounds_ms"] = latency_bounds_ms;
    out["instances"] = json::array();
    for (const auto& [name, points] : m->series.instances) {
        json one{{"name", name}, {"points", json::array()}};
        for (const auto& p : points)
            one["points"].push_back(view(p));
        out["instances"].push_back(std::move(one));
    }
    out["requests"] = json::array();
    for (const auto& p : m->series.requests)
        out["requests"].push_back(view_of_requests(p));
    co_return json_response(200, out);
}

}  // namespace gasper::web::handlers
