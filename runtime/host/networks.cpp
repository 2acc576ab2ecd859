#include "runtime/host/networks.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <bit>
#include <boost/system/system_error.hpp>

#include "core/base/crypto.hpp"
#include "runtime/engine/client.hpp"

namespace gasper::runtime {

namespace {

// Wakes those who wait for a network's making, however it ends.
struct wakes {
    std::map<std::string, std::shared_ptr<asio::steady_timer>>& making;
    const std::string& app;
    ~wakes() {
        auto node = making.extract(app);
        if (node) node.mapped()->cancel();
    }
};

}  // namespace

app_networks::app_networks(engine_client& engine, network_options options, logger& log)
    : engine_(engine), options_(std::move(options)), log_(log) {}

std::string app_networks::network_name(const std::string& app) const {
    return app.empty() ? fmt::format("gasper-{}.builds", options_.id) : fmt::format("gasper-{}-{}", options_.id, app);
}

std::string app_networks::app_of(const std::string& network) const {
    const auto before = fmt::format("gasper-{}-", options_.id);
    return network.starts_with(before) ? network.substr(before.size()) : "";
}

std::string app_networks::bridge_prefix() const {
    return "gsp-" + sha256_hex(options_.id).substr(0, 4);
}

std::string app_networks::bridge_name(const std::string& app) const {
    return bridge_prefix() + sha256_hex(network_name(app)).substr(0, 7);
}

task<result<std::string>> app_networks::ensure(std::string app, deadline until) {
    while (!known_.contains(app)) {
        if (const auto at = making_.find(app); at != making_.end()) {
            auto made = at->second;
            boost::system::error_code woken;
            auto waiting = made->async_wait(asio::redirect_error(asio::use_awaitable, woken));
            if (!co_await finishes_before(std::move(waiting), until))
                co_return fail(errc::deadline, "deadline", "making the network of " + app + " took too long");
            continue;
        }
        making_[app] = std::make_shared<asio::steady_timer>(engine_.executor(), asio::steady_timer::time_point::max());
        wakes at_end{making_, app};
        auto name = co_await make(app, until);
        if (!name) co_return name.error();
        known_[app] = true;
    }
    co_return network_name(app);
}

task<result<std::string>> app_networks::make(std::string app, deadline until) {
    const auto name = network_name(app);
    const auto pool = parse_subnet(options_.pool);
    if (!pool) co_return pool.error();
    const int prefix = app.empty() ? std::max(pool->prefix, std::min(options_.prefix, 25)) : options_.prefix;
    // Another program may take a subnet between our look and our request: the engine refuses, and we look again.
    for (std::uint32_t attempt = 0; attempt < 8; ++attempt) {
        auto networks = co_await engine_.list_networks(until);
        if (!networks) co_return networks.error();
        auto taken = host_subnets();
        for (const auto& n : *networks) {
            if (n.name == name) {
                if (app.empty() && !n.subnets.empty())
                    if (auto s = parse_subnet(n.subnets.front())) builds_ = *s;
                co_return name;
            }
            for (const auto& text : n.subnets)
                if (auto s = parse_subnet(text)) taken.push_back(*s);
        }
        const auto free = free_subnet(*pool, prefix, taken, attempt * 17);
        if (!free)
            co_return fail(
                errc::unavailable, "no_subnet",
                fmt::format("no subnet of size /{} is free in {}: configure a larger pool", prefix, options_.pool));
        network_spec spec{name,
                          bridge_name(app),
                          free->text(),
                          free->gateway(),
                          {{"gasper.data", options_.id}, {"gasper.app", app}},
                          app.empty() ? free->lower_half().text() : "",
                          app.empty()};
        auto made = co_await engine_.create_network(std::move(spec), until);
        if (made && app.empty()) builds_ = *free;
        if (made) co_return name;
        log_.warn("network_refused", {{"app", app}, {"subnet", free->text()}, {"reason", made.error().message}});
        const bool again =
            made.error().message.find("overlap") != std::string::npos || made.error().kind == errc::conflict;
        if (!again) co_return made.error();
    }
    co_return fail(errc::unavailable, "no_subnet", "the engine refused every subnet tried for " + name);
}

result<std::string> app_networks::take_build_address() {
    if (!builds_) return fail(errc::unavailable, "no_build_network", "the builds' network is not there yet");
    const auto half = builds_->upper_half();
    const std::uint32_t usable = half.size() - 1;  // the last is the broadcast address
    for (std::uint32_t i = 0; i < usable; ++i) {
        auto address = half.address(next_build_++ % usable);
        if (build_addresses_.insert(address).second) return address;
    }
    return fail(errc::rate_limited, "too_many_builds", "too many builds at once: try again when one has ended");
}

task<result<>> app_networks::remove_network(network_info network, deadline until) {
    auto removed = co_await engine_.remove_network(network.id, until);
    if (removed) co_return removed;
    // Something not ours may still be attached, a container of somebody who looked around: it is cut off.
    auto detail = co_await engine_.inspect_network(network.id, until);
    if (!detail) co_return removed;
    for (const auto& container : detail->containers)
        (void)co_await engine_.disconnect_network(network.id, container, until);
    co_return co_await engine_.remove_network(network.id, until);
}

task<result<>> app_networks::remove(std::string app, deadline until) {
    forget(app);
    auto networks = co_await engine_.list_networks(until);
    if (!networks) co_return networks.error();
    for (const auto& n : *networks) {
        if (n.name != network_name(app)) continue;
        if (auto ok = co_await remove_network(n, until); !ok) co_return ok;
    }
    co_return result<>();
}

task<result<>> app_networks::remove_strays(std::set<std::string> apps, deadline until) {
    auto networks = co_await engine_.list_networks(until);
    if (!networks) co_return networks.error();
    for (const auto& n : *networks) {
        const auto id = n.label.find("gasper.data"), app = n.label.find("gasper.app");
        if (id == n.label.end() || id->second != options_.id || app == n.label.end() || app->second.empty()) continue;
        if (apps.contains(app->second) || making_.contains(app->second)) continue;
        auto detail = co_await engine_.inspect_network(n.id, until);
        if (!detail || !detail->containers.empty()) continue;
        forget(app->second);
        log_.info("a stray network is removed", {{"name", n.name}});
        // Not by force: somebody may attach to it this very moment.
        auto removed = co_await engine_.remove_network(n.id, until);
        if (!removed) co_return removed;
    }
    co_return result<>();
}

task<result<>> app_networks::remove_all(deadline until) {
    forget_all();
    auto networks = co_await engine_.list_networks(until);
    if (!networks) co_return networks.error();
    for (const auto& n : *networks) {
        const auto at = n.label.find("gasper.data");
        if (at == n.label.end() || at->second != options_.id) continue;
        if (auto ok = co_await remove_network(n, until); !ok) co_return ok;
    }
    co_return result<>();
}

std::vector<subnet> host_subnets() {
    std::vector<subnet> found;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return found;
    for (const auto* i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr || !i->ifa_netmask || i->ifa_addr->sa_family != AF_INET) continue;
        const auto address = ntohl(reinterpret_cast<const sockaddr_in*>(i->ifa_addr)->sin_addr.s_addr);
        const auto mask = ntohl(reinterpret_cast<const sockaddr_in*>(i->ifa_netmask)->sin_addr.s_addr);
        found.push_back({address & mask, std::popcount(mask)});
    }
    ::freeifaddrs(list);
    return found;
}

}  // namespace gasper::runtime
