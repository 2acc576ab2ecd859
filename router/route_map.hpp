// Who answers for a host name: a table compiled for lookup, immutable but for the counters inside. A new table makes a
// new map, which takes over what is known about the instances that stay (connections, load). Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/tables/table.hpp"
#include "router/app_state.hpp"
#include "router/upstream.hpp"

namespace gasper::router {

struct app_route {
    std::string app;
    std::shared_ptr<app_state> state;  // of all routes and tables that name the app
    bool maintenance{false};
    std::string maintenance_page;
    bool asleep{false};
    bool tells_idle{false};
    std::vector<std::shared_ptr<upstream>> instances;
    mutable std::atomic<std::uint32_t> rotation{0};

    /// Its requests have to wait.
    bool must_wake() const noexcept { return asleep && instances.empty(); }

    /// The instance with the fewest requests in flight, in turn among equals; those that refused a connection lately
    /// and those in `tried` only when nothing else is left (tried: never). Null: none.
    std::shared_ptr<upstream> choose(const std::vector<const upstream*>& tried, clock::time_point now) const;
};

class route_map {
 public:
    route_map() = default;
    route_map(const table& from, const route_map* previous, unsigned workers, pool_limits limits);

    /// `host`: lower case, no port, no final dot. Exact name, then "*." and all but the first label, then "*".
    const app_route* find(std::string_view host) const noexcept;

    std::uint64_t version() const noexcept { return version_; }
    std::size_t routes() const noexcept { return apps_.size(); }
    /// Instances whose protocol this router does not speak: they get no request.
    std::size_t unusable() const noexcept { return unusable_; }

    /// Instances of `previous` that this map does not name.
    std::vector<std::shared_ptr<upstream>> retired_since(const route_map& previous) const;
    /// Apps of `previous` that this map does not name.
    std::vector<std::shared_ptr<app_state>> left_since(const route_map& previous) const;
    const std::vector<std::unique_ptr<app_route>>& all() const noexcept { return apps_; }
    /// Every instance.
    template <class F>
    void for_each_instance(F each) const {
        for (const auto& [key, u] : instances_)
            each(*u);
    }

 private:
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
    };
    using name_map = std::unordered_map<std::string, const app_route*, hash, std::equal_to<>>;

    void add(const route& r, const route_map* previous, unsigned workers, pool_limits limits);

    std::uint64_t version_{0};
    std::size_t unusable_{0};
    std::vector<std::unique_ptr<app_route>> apps_;
    std::unordered_map<std::string, std::shared_ptr<app_state>> states_;
    std::unordered_map<std::string, std::shared_ptr<upstream>> instances_;
    name_map exact_;
    name_map wildcard_;  // by ".example.org"
    const app_route* any_{nullptr};
};

}  // namespace gasper::router
