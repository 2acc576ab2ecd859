#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/views/views.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

std::string mebibytes(std::int64_t bytes) {
    return fmt::format("{}M", bytes >> 20);
}

std::string memory_line(const control::node_view& n) {
    return fmt::format("{} in use, {} reserved, of {}", mebibytes(n.info.measured.memory_bytes),
                       mebibytes(n.reserved.memory_bytes), mebibytes(n.info.capacity.memory_bytes));
}

std::string cpu_line(const control::node_view& n) {
    return fmt::format("{:.2f} in use, {:g} reserved, of {:g}", n.info.measured.cpus, n.reserved.cpus,
                       n.info.capacity.cpus);
}

std::string disk_line(const disk_space& d, bool low) {
    return fmt::format("{} {:.0f} % full, {} of {} left{}", d.path, d.used() * 100, mebibytes(d.free_bytes),
                       mebibytes(d.total_bytes), low ? ": takes no builds" : "");
}

result<> show(command_call& call, const result<control::node_view>& n) {
    if (!n) return n.error();
    if (call.json) {
        call.print(json_text(control::as_json(*n)));
        return {};
    }
    std::string out =
        fmt::format("=== {}\nState:      {}\nEngine:     {}\nMemory:     {}\nCPUs:       {}\n", n->info.name,
                    to_string(n->info.state), n->info.engine, memory_line(*n), cpu_line(*n));
    for (std::size_t i = 0; i < n->info.disks.size(); ++i)
        out += fmt::format("Disk:       {}\n", disk_line(n->info.disks[i], n->low[i]));
    for (const auto& [key, value] : n->info.labels)
        out += fmt::format("Label:      {}={}\n", key, value);
    for (const auto& i : n->instances)
        out += fmt::format("Instance:   {} {} (v{}, {})\n", i.app, i.name, i.version, i.state);
    call.print(out);
    return {};
}

}  // namespace

task<result<>> run_nodes(command_call& call) {
    auto nodes = co_await call.platform.nodes().list(call.who);
    if (!nodes) co_return nodes.error();
    if (call.json) {
        call.print(json_text(control::as_json(*nodes)));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows{{"NODE", "STATE", "INSTANCES", "MEMORY", "CPUS"}};
    for (const auto& n : *nodes)
        rows.push_back({n.info.name, std::string(to_string(n.info.state)), std::to_string(n.instances.size()),
                        memory_line(n), cpu_line(n)});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_nodes_info(command_call& call) {
    auto n = co_await call.platform.nodes().info(call.who, call.arguments[0]);
    co_return show(call, n);
}

task<result<>> run_nodes_drain(command_call& call) {
    const auto node = call.arguments[0];
    if (!call.json) call.print("Draining " + node + "... ");
    auto id = co_await call.platform.nodes().drain(call.who, node, call.has("force"));
    if (!id) co_return id.error();
    auto ended = co_await finish_job(call, *id);
    if (!ended) co_return ended.error();
    call.print(call.json ? json_text(nlohmann::json{{"job", id->value}, {"state", "succeeded"}})
                         : std::string("done\n"));
    co_return result<>{};
}

task<result<>> run_nodes_activate(command_call& call) {
    auto n = co_await call.platform.nodes().activate(call.who, call.arguments[0]);
    co_return show(call, n);
}

task<result<>> run_nodes_label(command_call& call) {
    node_labels changes;
    for (std::size_t i = 1; i < call.arguments.size(); ++i) {
        const auto& word = call.arguments[i];
        const auto equals = word.find('=');
        if (equals == word.npos || equals == 0)
            co_return fail(errc::invalid, "usage", "Say name=value, such as disk=ssd, not " + word + ".");
        changes[word.substr(0, equals)] = word.substr(equals + 1);
    }
    auto n = co_await call.platform.nodes().label(call.who, call.arguments[0], std::move(changes));
    co_return show(call, n);
}

}  // namespace gasper::receiver
