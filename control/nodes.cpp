#include "control/nodes.hpp"

#include <algorithm>

#include "control/parts.hpp"
#include "control/platform.hpp"

namespace gasper::control {

namespace {

node_view view_of(const parts& p, node n) {
    node_view v{.info = std::move(n)};
    for (const auto& d : v.info.disks)
        v.low.push_back(p.disk.low(v.info.name, d.path));
    for (const auto& i : p.running.all()) {
        if (i.node != v.info.name || i.state == instance_state::crashed || i.state == instance_state::down) continue;
        v.reserved += i.reserved;
        v.instances.push_back(
            {.app = i.app, .name = i.name, .state = std::string(to_string(i.state)), .version = i.release});
    }
    std::sort(v.instances.begin(), v.instances.end(), [](const auto& a, const auto& b) {
        return std::tie(a.app, a.name, a.version) < std::tie(b.app, b.name, b.version);
    });
    return v;
}

}  // namespace

task<result<std::vector<node_view>>> nodes::list(identity who) {
    if (!who.admin) co_return fail(errc::forbidden, "admin_only", "nodes show everybody's apps: only admins see them");
    auto& p = platform_.shared();
    auto machines = co_await p.cluster.nodes();
    if (!machines) co_return machines.error();
    std::vector<node_view> views;
    for (auto& n : *machines)
        views.push_back(view_of(p, std::move(n)));
    co_return views;
}

task<result<node_view>> nodes::info(identity who, std::string name) {
    auto all = co_await list(std::move(who));
    if (!all) co_return all.error();
    for (auto& n : *all)
        if (n.info.name == name) co_return std::move(n);
    co_return fail(errc::not_found, "node_not_found", "there is no node '" + name + "'");
}

}  // namespace gasper::control
