#include "control/fleet.hpp"

#include <algorithm>

namespace gasper::control {

void fleet::add(runtime::observed_instance instance) {
    apps_[instance.app].push_back(std::move(instance));
}

void fleet::remove(const std::string& container) {
    for (auto& [app, instances] : apps_)
        std::erase_if(instances, [&](const auto& i) { return i.container == container; });
}

void fleet::mark(const std::string& container, instance_state state) {
    for (auto& [app, instances] : apps_)
        for (auto& i : instances)
            if (i.container == container) i.state = state;
}

void fleet::forget_app(const std::string& app) {
    apps_.erase(app);
}

std::vector<runtime::observed_instance> fleet::all() const {
    std::vector<runtime::observed_instance> every;
    for (const auto& [app, instances] : apps_)
        every.insert(every.end(), instances.begin(), instances.end());
    return every;
}

std::vector<runtime::observed_instance> fleet::of(const std::string& app) const {
    const auto found = apps_.find(app);
    return found == apps_.end() ? std::vector<runtime::observed_instance>{} : found->second;
}

std::vector<runtime::observed_instance> fleet::of(const std::string& app, int version) const {
    auto all = of(app);
    std::erase_if(all, [version](const auto& i) { return i.release != version; });
    return all;
}

const runtime::observed_instance* fleet::find(const std::string& container) const {
    for (const auto& [app, instances] : apps_)
        for (const auto& i : instances)
            if (i.container == container || i.sandbox == container) return &i;
    return nullptr;
}

std::vector<std::string> fleet::containers() const {
    std::vector<std::string> ids;
    for (const auto& [app, instances] : apps_)
        for (const auto& i : instances) {
            ids.push_back(i.container);
            if (!i.sandbox.empty()) ids.push_back(i.sandbox);
        }
    return ids;
}

namespace {

route route_of(const options& o, const served_app& a, const fleet& running) {
    route r{.app = a.name,
            .hosts = {a.name + "." + o.domain},
            .maintenance = a.maintenance,
            .maintenance_page = a.page,
            .asleep = a.held,
            .sleep_after = a.sleep_after};
    if (a.hidden) return r;
    for (const auto& i : running.of(a.name, a.version))
        if (i.state == instance_state::up && i.port != 0 && i.process == "web")
            r.instances.push_back({.name = i.name, .address = i.address, .port = i.port});
    return r;
}

void add_addresses(zone& z, const options& o, const std::string& name) {
    if (!o.public_ipv4.empty()) z.records.push_back({.name = name, .type = "A", .ttl = 60, .data = o.public_ipv4});
    if (!o.public_ipv6.empty()) z.records.push_back({.name = name, .type = "AAAA", .ttl = 60, .data = o.public_ipv6});
}

std::string dialable(const std::string& address) {
    if (address == "0.0.0.0") return "127.0.0.1";
    return address == "::" ? "::1" : address;
}

}  // namespace

table make_table(const options& o, const std::vector<served_app>& apps, const fleet& running) {
    table t;
    zone z{.name = o.domain};
    z.records.push_back({.name = "@", .type = "NS", .ttl = 3600, .data = {"ns1." + o.domain + "."}});
    for (const char* own : {"@", "ns1", "gasper"})
        add_addresses(z, o, own);
    t.routes.push_back({.app = "gasper",
                        .hosts = {"gasper." + o.domain},
                        .instances = {{.name = "dashboard", .address = dialable(o.api_address), .port = o.api_port}}});
    for (const auto& a : apps) {
        t.routes.push_back(route_of(o, a, running));
        add_addresses(z, o, a.name);
    }
    t.zones.push_back(std::move(z));
    return t;
}

namespace {

// Of two of the same name the one that serves: the other may yet fail.
const runtime::observed_instance* best_of(const std::vector<runtime::observed_instance>& observed,
                                          const std::string& name, int version) {
    const runtime::observed_instance* best = nullptr;
    for (const auto& i : observed) {
        if (i.name != name || i.release != version) continue;
        if (i.state == instance_state::up) return &i;
        if (i.state == instance_state::starting && !best) best = &i;
    }
    return best;
}

}  // namespace

plan make_plan(const formation& wanted, const process_types& processes, int version,
               const std::vector<runtime::observed_instance>& observed) {
    plan p;
    std::vector<const runtime::observed_instance*> kept;
    for (const auto& [process, quantity] : wanted) {
        if (!processes.contains(process)) continue;
        for (int n = 1; n <= quantity; ++n) {
            const auto name = process + "." + std::to_string(n);
            if (const auto* there = best_of(observed, name, version))
                kept.push_back(there);
            else
                p.start.emplace_back(name, process);
        }
    }
    for (const auto& i : observed)
        if (std::find(kept.begin(), kept.end(), &i) == kept.end()) p.stop.push_back(i);
    return p;
}

}  // namespace gasper::control
