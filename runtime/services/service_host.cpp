#include "runtime/services/service_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "runtime/engine/client.hpp"
#include "runtime/host/networks.hpp"
#include "runtime/sandbox/pause_image.hpp"
#include "runtime/services/kind.hpp"

namespace gasper::runtime {

using std::chrono::seconds;

namespace {

constexpr auto server_role = "service";
constexpr auto sandbox_role = "service-sandbox";

std::string label_of(const container_summary& c, const char* key) {
    const auto at = c.label.find(key);
    return at == c.label.end() ? std::string() : at->second;
}

bool is_gone(const error& e) {
    return e.kind == errc::conflict || e.kind == errc::not_found;
}

}  // namespace

service_host::service_host(engine_client& engine, app_networks& networks, service_host_options options, logger& log)
    : engine_(engine), networks_(networks), options_(std::move(options)), log_(log) {}

std::string service_host::container_name(const std::string& role, const std::string& service) const {
    return fmt::format("gasper-{}.{}.{}", options_.id, role, service);
}

// No app has a name like it.
std::string service_host::network_of(const std::string& service) const {
    return "db." + service;
}

// The networks of apps come and go.
std::string service_host::own_address(const container_state& sandbox, const std::string& service) const {
    const auto at = sandbox.addresses.find(networks_.network_name(network_of(service)));
    return at == sandbox.addresses.end() ? std::string() : at->second;
}

container_spec service_host::server(const service_spec& spec, const std::string& sandbox) const {
    container_spec c;
    c.name = container_name(server_role, spec.name);
    c.image = spec.image;
    c.entrypoint = {"gasper-service"};
    c.command = {"start"};
    c.env = spec.env;
    c.user = fmt::format("{}:{}", options_.uid, options_.gid);
    c.directory = "/data";
    c.network = "container:" + sandbox;
    c.label = {{"gasper.data", options_.id},
               {"gasper.role", server_role},
               {"gasper.service", spec.name},
               {"gasper.kind", spec.kind},
               {"gasper.sandbox", sandbox}};
    c.mounts = {{spec.data, "/data", false}};
    c.tmpfs["/tmp"] = "rw,nosuid,nodev,mode=1777,size=64m";
    c.stop_signal = spec.stop_signal;
    c.stop_grace = spec.stop_timeout;
    c.label["gasper.stop_timeout"] = std::to_string(spec.stop_timeout.count());
    c.memory_bytes = spec.limit.memory_bytes;
    c.cpus = spec.limit.cpus;
    if (spec.background) c.cpu_shares = background_cpu_shares;
    c.processes = spec.limit.processes;
    c.read_only_root = true;
    c.init = has_init_.value_or(true);
    c.log_driver = "local";
    c.log_options = {{"max-size", options_.log_size}, {"max-file", std::to_string(options_.log_files)}};
    return c;
}

// Its id. One that runs is kept: its addresses are known to apps.
task<result<std::string>> service_host::ensure_sandbox(std::string name, deadline until) {
    const auto called = container_name(sandbox_role, name);
    auto there = co_await engine_.inspect_container(called, until);
    if (there && there->running) co_return there->id;
    if (there) (void)co_await engine_.remove_container(there->id, until);
    for (const bool last : {false, true}) {
        auto network = co_await networks_.ensure(network_of(name), until);
        if (!network) co_return network.error();
        container_spec c;
        c.name = called;
        c.image = pause_image_reference();
        c.label = {{"gasper.data", options_.id}, {"gasper.role", sandbox_role}, {"gasper.service", name}};
        c.network = *network;
        c.hostname = service_host_name(name);
        c.sysctls["net.ipv4.ip_forward"] = "0";  // it is in the networks of many apps, and no way between them
        c.log_driver = "none";
        auto created = co_await engine_.create_container(std::move(c), until);
        if (created) {
            auto started = co_await engine_.start_container(*created, until);
            if (started) co_return *created;
            created = started.error();
            (void)co_await engine_.remove_container(called, deadline::after(seconds(30)));
        }
        // The network may have been removed behind our back.
        if (last || created.error().kind != errc::not_found) co_return created.error();
        networks_.forget(network_of(name));
    }
    co_return fail(errc::failed, "sandbox", "the network of " + name + " cannot be made");
}

task<result<observed_service>> service_host::start(service_spec spec, deadline until) {
    if (!has_init_) {
        auto info = co_await engine_.info(until);
        if (!info) co_return info.error();
        has_init_ = !info->init_binary.empty();
    }
    auto sandbox = co_await ensure_sandbox(spec.name, until);
    if (!sandbox) co_return sandbox.error();
    for (const auto& app : spec.apps) {
        auto joined = co_await join(spec.name, app, until);
        if (!joined) co_return joined.error();
    }
    auto c = server(spec, *sandbox);
    auto cleared = co_await engine_.remove_container(c.name, until);
    if (!cleared) co_return cleared.error();
    auto created = co_await engine_.create_container(std::move(c), until);
    if (!created) co_return created.error();
    auto started = co_await engine_.start_container(*created, until);
    if (!started) {
        (void)co_await engine_.remove_container(*created, deadline::after(seconds(30)));
        co_return started.error();
    }
    auto outside = co_await engine_.inspect_container(*sandbox, until);
    if (!outside) co_return outside.error();
    co_return observed_service{.name = spec.name,
                               .container = *created,
                               .sandbox = *sandbox,
                               .address = own_address(*outside, spec.name),
                               .since = now()};
}

task<result<>> service_host::stop(std::string name, seconds timeout) {
    const auto until = deadline::after(timeout + seconds(30));
    auto stopped = co_await engine_.stop_container(container_name(server_role, name), timeout, until);
    if (!stopped && is_gone(stopped.error())) co_return result<>();
    co_return stopped;
}

task<result<>> service_host::remove(std::string name, deadline until) {
    for (const auto* role : {server_role, sandbox_role}) {
        auto removed = co_await engine_.remove_container(container_name(role, name), until);
        if (!removed) co_return removed;
    }
    co_return co_await networks_.remove(network_of(name), until);
}

task<result<>> service_host::join(std::string name, std::string app, deadline until) {
    auto network = co_await networks_.ensure(app, until);
    if (!network) co_return network.error();
    std::vector<std::string> aliases{service_host_name(name)};
    auto joined = co_await engine_.connect_network(*network, container_name(sandbox_role, name), aliases, until);
    if (!joined && joined.error().message.find("already exists in network") != std::string::npos) co_return result<>();
    co_return joined;
}

task<result<>> service_host::leave(std::string name, std::string app, deadline until) {
    co_return co_await engine_.disconnect_network(networks_.network_name(app), container_name(sandbox_role, name),
                                                  until);
}

task<result<std::vector<std::string>>> service_host::joined(std::string name, deadline until) {
    std::vector<std::string> apps;
    auto there = co_await engine_.inspect_container(container_name(sandbox_role, name), until);
    if (!there && there.error().kind == errc::not_found) co_return apps;
    if (!there) co_return there.error();
    for (const auto& network : there->networks) {
        auto app = networks_.app_of(network);
        if (!app.empty() && app != network_of(name)) apps.push_back(std::move(app));
    }
    co_return apps;
}

task<result<std::vector<container_summary>>> service_host::ours(deadline until) {
    std::vector<std::string> with{"gasper.data=" + options_.id, "gasper.service"};
    co_return co_await engine_.list_containers(std::move(with), until);
}

task<result<std::vector<observed_service>>> service_host::list(deadline until) {
    auto all = co_await ours(until);
    if (!all) co_return all.error();
    std::set<std::string> sandboxes;
    for (const auto& c : *all)
        if (label_of(c, "gasper.role") == sandbox_role && c.state == "running") sandboxes.insert(c.id);
    std::vector<observed_service> out;
    for (const auto& c : *all) {
        if (label_of(c, "gasper.role") != server_role) continue;
        observed_service s{.name = label_of(c, "gasper.service"),
                           .container = c.id,
                           .sandbox = label_of(c, "gasper.sandbox"),
                           .since = c.created};
        auto detail = co_await engine_.inspect_container(c.id, until);
        if (!detail && detail.error().kind == errc::not_found) continue;  // removed meanwhile
        if (!detail) co_return detail.error();
        s.exit_code = detail->exit_code;
        s.out_of_memory = detail->out_of_memory;
        const bool connected = sandboxes.contains(s.sandbox);
        if (detail->running && connected) {
            auto outside = co_await engine_.inspect_container(s.sandbox, until);
            if (outside) s.address = own_address(*outside, s.name);
            s.state = instance_state::up;
        } else {
            const bool well = !detail->running && s.exit_code == 0 && !s.out_of_memory;
            s.state = well ? instance_state::down : instance_state::crashed;
        }
        out.push_back(std::move(s));
    }
    co_return out;
}

task<result<>> service_host::sweep(std::function<bool(const std::string& name)> stays, deadline until) {
    auto all = co_await ours(until);
    if (!all) co_return all.error();
    std::set<std::string> strangers;
    for (const auto& c : *all) {
        const auto name = label_of(c, "gasper.service");
        if (!stays(name)) strangers.insert(name);
    }
    for (const auto& name : strangers) {
        auto removed = co_await remove(name, until);
        if (!removed) co_return removed;
    }
    co_return result<>();
}

}  // namespace gasper::runtime
