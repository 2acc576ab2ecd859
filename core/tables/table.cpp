#include "core/tables/table.hpp"

#include <nlohmann/json.hpp>

namespace gasper {

namespace {

using nlohmann::json;

json route_json(const route& r) {
    json instances = json::array();
    for (const auto& i : r.instances)
        instances.push_back({{"name", i.name},
                             {"address", address_text(i)},
                             {"protocol", i.protocol == instance_protocol::h2c ? "h2c" : "http1"}});
    json out{{"app", r.app}, {"hosts", r.hosts}, {"instances", std::move(instances)}};
    if (r.maintenance) out["maintenance"] = true;
    if (!r.maintenance_page.empty()) out["maintenance_page"] = r.maintenance_page;
    if (r.asleep) out["asleep"] = true;
    if (r.sleep_after != 0) out["sleep_after"] = r.sleep_after;
    return out;
}

json zone_json(const zone& z) {
    json records = json::array();
    for (const auto& r : z.records)
        records.push_back({{"name", r.name}, {"type", r.type}, {"ttl", r.ttl}, {"data", r.data}});
    return {{"name", z.name}, {"records", std::move(records)}};
}

}  // namespace

std::string address_text(const routed_instance& i) {
    const bool v6 = i.address.find(':') != std::string::npos;
    return (v6 ? "[" + i.address + "]" : i.address) + ":" + std::to_string(i.port);
}

std::string to_json(const table& value) {
    json out{{"version", value.version},
             {"routes", json::array()},
             {"certificates", json::array()},
             {"zones", json::array()}};
    for (const auto& r : value.routes)
        out["routes"].push_back(route_json(r));
    for (const auto& c : value.certificates)
        out["certificates"].push_back({{"names", c.names}, {"chain", c.chain}, {"key", c.key}});
    for (const auto& z : value.zones)
        out["zones"].push_back(zone_json(z));
    return out.dump();
}

}  // namespace gasper
