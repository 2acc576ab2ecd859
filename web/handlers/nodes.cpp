#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "web/handlers/handlers.hpp"
#include "web/handlers/views.hpp"

namespace gasper::web::handlers {

namespace {

using nlohmann::json;

json view(const resources& r) {
    return {{"memory_bytes", r.memory_bytes}, {"cpus", r.cpus}};
}

json disks_of(const control::node_view& n) {
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

json view(const control::node_view& n) {
    auto instances = json::array();
    for (const auto& i : n.instances)
        instances.push_back({{"app", i.app}, {"name", i.name}, {"state", i.state}, {"release", i.version}});
    return {{"name", n.info.name},
            {"state", to_string(n.info.state)},
            {"engine", n.info.engine},
            {"labels", n.info.labels},
            {"capacity", view(n.info.capacity)},
            {"reserved", view(n.reserved)},
            {"measured", view(n.info.measured)},
            {"disks", disks_of(n)},
            {"instances", std::move(instances)}};
}

}  // namespace

task<result<response>> list_nodes(services& s, call c) {
    auto nodes = co_await s.platform.nodes().list(c.who);
    if (!nodes) co_return nodes.error();
    auto out = json::array();
    for (const auto& n : *nodes)
        out.push_back(view(n));
    co_return json_response(200, out);
}

task<result<response>> show_node(services& s, call c) {
    auto n = co_await s.platform.nodes().info(c.who, c.text("node"));
    if (!n) co_return n.error();
    co_return json_response(200, view(*n));
}

task<result<response>> drain_node(services& s, call c) {
    const bool force = c.body.value("force", false);
    auto id = co_await s.platform.nodes().drain(c.who, c.text("node"), force);
    if (!id) co_return id.error();
    auto started = co_await s.platform.streams().job_info(c.who, *id);
    if (!started) co_return started.error();
    co_return accepted(*started);
}

task<result<response>> activate_node(services& s, call c) {
    auto n = co_await s.platform.nodes().activate(c.who, c.text("node"));
    if (!n) co_return n.error();
    co_return json_response(200, view(*n));
}

task<result<response>> label_node(services& s, call c) {
    auto n = co_await s.platform.nodes().label(c.who, c.text("node"), c.body.get<node_labels>());
    if (!n) co_return n.error();
    co_return json_response(200, view(*n));
}

}  // namespace gasper::web::handlers
