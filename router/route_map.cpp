#include "router/route_map.hpp"

#include <algorithm>

namespace gasper::router {

namespace {

/// The same container, seen from two tables. A new release may get the address of an old one: it is another instance.
std::string key_of(const std::string& app, const routed_instance& i) {
    return app + '|' + i.name + '|' + i.address + '|' + std::to_string(i.port);
}

}  // namespace

std::shared_ptr<upstream> app_route::choose(const std::vector<const upstream*>& tried, clock::time_point now) const {
    const auto n = instances.size();
    if (n == 0) return nullptr;
    const std::size_t first = rotation.fetch_add(1, std::memory_order_relaxed) % n;
    const std::shared_ptr<upstream>* best = nullptr;
    std::uint64_t best_load = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto& candidate = instances[(first + i) % n];
        if (std::find(tried.begin(), tried.end(), candidate.get()) != tried.end()) continue;
        std::uint64_t load = candidate->outstanding.load(std::memory_order_relaxed);
        if (candidate->is_avoided(now)) load += std::uint64_t{1} << 32;
        if (best && load >= best_load) continue;
        best = &candidate;
        best_load = load;
        if (load == 0) break;
    }
    return best ? *best : nullptr;
}

route_map::route_map(const table& from, const route_map* previous, unsigned workers, pool_limits limits)
    : version_(from.version) {
    for (const auto& r : from.routes)
        add(r, previous, workers, limits);
}

void route_map::add(const route& r, const route_map* previous, unsigned workers, pool_limits limits) {
    auto app = std::make_unique<app_route>();
    app->app = r.app;
    app->maintenance = r.maintenance;
    app->maintenance_page = r.maintenance_page;
    app->asleep = r.asleep;
    app->tells_idle = r.sleep_after != 0;
    auto& state = states_[r.app];
    if (!state && previous)
        if (const auto before = previous->states_.find(r.app); before != previous->states_.end())
            state = before->second;
    if (!state) state = std::make_shared<app_state>(r.app, workers);
    app->state = state;
    for (const auto& i : r.instances) {
        if (i.protocol != instance_protocol::http1) {
            ++unusable_;
            continue;
        }
        const auto key = key_of(r.app, i);
        auto& known = instances_[key];
        if (!known && previous) {
            const auto before = previous->instances_.find(key);
            if (before != previous->instances_.end()) known = before->second;
        }
        if (!known) known = std::make_shared<upstream>(i, workers, limits);
        app->instances.push_back(known);
    }
    for (const auto& host : r.hosts) {
        if (host == "*")
            any_ = any_ ? any_ : app.get();
        else if (host.starts_with("*."))
            wildcard_.emplace(host.substr(1), app.get());
        else
            exact_.emplace(host, app.get());
    }
    apps_.push_back(std::move(app));
}

const app_route* route_map::find(std::string_view host) const noexcept {
    if (const auto at = exact_.find(host); at != exact_.end()) return at->second;
    const auto dot = host.find('.');
    if (dot != std::string_view::npos && dot > 0)
        if (const auto at = wildcard_.find(host.substr(dot)); at != wildcard_.end()) return at->second;
    return any_;
}

std::vector<std::shared_ptr<app_state>> route_map::left_since(const route_map& previous) const {
    std::vector<std::shared_ptr<app_state>> left;
    for (const auto& [name, state] : previous.states_)
        if (!states_.contains(name)) left.push_back(state);
    return left;
}

std::vector<std::shared_ptr<upstream>> route_map::retired_since(const route_map& previous) const {
    std::vector<std::shared_ptr<upstream>> retired;
    for (const auto& [key, u] : previous.instances_)
        if (!instances_.contains(key)) retired.push_back(u);
    return retired;
}

}  // namespace gasper::router
