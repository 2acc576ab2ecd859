#include <algorithm>

#include "control/metrics/metrics.hpp"
#include "control/nodes.hpp"
#include "control/views/views.hpp"
#include "core/store/audit.hpp"

namespace gasper::control {

namespace {

using nlohmann::json;

json resources_json(const resources& r) {
    return {{"memory_bytes", r.memory_bytes}, {"cpus", r.cpus}};
}

json disks_json(const node_view& n) {
    auto disks = json::array();
    for (std::size_t i = 0; i < n.info.disks.size(); ++i) {
        const auto& d = n.info.disks[i];
        disks.push_back({{"path", d.path},
                         {"total_bytes", d.total_bytes},
                         {"free_bytes", d.free_bytes},
                         {"total_files", d.total_files},
                         {"free_files", d.free_files},
                         {"low", bool(n.low[i])}});
    }
    return disks;
}

json point_json(const point& p) {
    using figure = instance_column;
    const double length = std::max(value_of(p, figure::seconds), 1e-3);
    return {{"at", p.at},
            {"cpus", value_of(p, figure::cpu_seconds) / length},
            {"memory_bytes", value_of(p, figure::memory_byte_seconds) / length},
            {"memory_largest_bytes", value_of(p, figure::memory_largest)},
            {"received_bytes", value_of(p, figure::received)},
            {"sent_bytes", value_of(p, figure::sent)},
            {"restarts", value_of(p, figure::restarts)}};
}

json requests_json(const point& p) {
    const auto traffic = to_traffic(p.values);
    return {{"at", p.at},
            {"requests", traffic.requests},
            {"by_class", traffic.by_class},
            {"by_latency", traffic.latency},
            {"sent_bytes", traffic.bytes_out},
            {"p50_ms", latency_quantile(traffic, 0.5)},
            {"p95_ms", latency_quantile(traffic, 0.95)},
            {"p99_ms", latency_quantile(traffic, 0.99)}};
}

}  // namespace

json as_json(const node_view& n) {
    auto instances = json::array();
    for (const auto& i : n.instances)
        instances.push_back({{"app", i.app}, {"name", i.name}, {"state", i.state}, {"release", i.version}});
    return {{"name", n.info.name},
            {"state", to_string(n.info.state)},
            {"engine", n.info.engine},
            {"labels", n.info.labels},
            {"capacity", resources_json(n.info.capacity)},
            {"reserved", resources_json(n.reserved)},
            {"measured", resources_json(n.info.measured)},
            {"disks", disks_json(n)},
            {"instances", std::move(instances)}};
}

json as_json(const app_metrics& m) {
    json out{{"from", m.when.from}, {"to", m.when.to}, {"step", m.when.step}};
    out["latency_bounds_ms"] = latency_bounds_ms;
    out["instances"] = json::array();
    for (const auto& [name, points] : m.series.instances) {
        json one{{"name", name}, {"points", json::array()}};
        for (const auto& p : points)
            one["points"].push_back(point_json(p));
        out["instances"].push_back(std::move(one));
    }
    out["requests"] = json::array();
    for (const auto& p : m.series.requests)
        out["requests"].push_back(requests_json(p));
    return out;
}

json as_json(const store::audit_entry& e) {
    return {{"id", e.id},         {"at", to_rfc3339(e.at)}, {"user", e.user},
            {"action", e.action}, {"app", e.app},           {"detail", e.detail}};
}

}  // namespace gasper::control
