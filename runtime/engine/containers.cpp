#include <fmt/format.h>

#include <cmath>

#include "runtime/engine/client.hpp"
#include "runtime/engine/json.hpp"

namespace gasper::runtime {

using engine_json::array;
using engine_json::get;
using engine_json::json;
using engine_json::object;
using engine_json::url_encode;

namespace {

json host_config(const container_spec& s) {
    json host;
    host["NetworkMode"] = s.network.empty() ? "default" : s.network;
    json binds = json::array();
    for (const auto& m : s.mounts)
        binds.push_back({{"Type", "bind"}, {"Source", m.from}, {"Target", m.to}, {"ReadOnly", m.read_only}});
    host["Mounts"] = std::move(binds);
    if (!s.tmpfs.empty()) host["Tmpfs"] = s.tmpfs;
    if (!s.sysctls.empty()) host["Sysctls"] = s.sysctls;
    if (s.memory_bytes > 0) {
        host["Memory"] = s.memory_bytes;
        host["MemorySwap"] = s.memory_bytes;
    }
    if (s.cpus > 0) host["NanoCpus"] = std::llround(s.cpus * 1e9);
    if (s.cpu_shares > 0) host["CpuShares"] = s.cpu_shares;
    if (s.processes > 0) host["PidsLimit"] = s.processes;
    host["ReadonlyRootfs"] = s.read_only_root;
    host["Init"] = s.init;
    if (s.drop_privileges) {
        host["CapDrop"] = {"ALL"};
        host["SecurityOpt"] = {"no-new-privileges:true"};
    }
    if (!s.log_driver.empty()) host["LogConfig"] = {{"Type", s.log_driver}, {"Config", s.log_options}};
    host["RestartPolicy"] = {{"Name", "no"}};
    return host;
}

json create_body(const container_spec& s) {
    json body;
    body["Image"] = s.image;
    if (!s.entrypoint.empty()) body["Entrypoint"] = s.entrypoint;
    if (!s.command.empty()) body["Cmd"] = s.command;
    body["Env"] = engine_json::environment(s.env);
    if (!s.user.empty()) body["User"] = s.user;
    if (!s.directory.empty()) body["WorkingDir"] = s.directory;
    if (!s.hostname.empty()) body["Hostname"] = s.hostname;
    body["Labels"] = s.label;
    body["Tty"] = s.terminal;
    body["OpenStdin"] = s.open_input;
    body["StdinOnce"] = s.open_input;
    body["AttachStdin"] = s.open_input;
    body["AttachStdout"] = body["AttachStderr"] = s.attach_output;
    body["StopTimeout"] = s.stop_grace.count();
    if (!s.stop_signal.empty()) body["StopSignal"] = s.stop_signal;
    body["HostConfig"] = host_config(s);
    if (!s.aliases.empty()) body["NetworkingConfig"]["EndpointsConfig"][s.network]["Aliases"] = s.aliases;
    if (!s.address.empty())
        body["NetworkingConfig"]["EndpointsConfig"][s.network]["IPAMConfig"]["IPv4Address"] = s.address;
    return body;
}

container_state read_state(const json& v) {
    container_state c;
    const auto& state = object(v, "State");
    const auto& config = object(v, "Config");
    c.id = get<std::string>(v, "Id");
    c.name = get<std::string>(v, "Name");
    if (c.name.starts_with('/')) c.name.erase(0, 1);
    c.status = get<std::string>(state, "Status");
    c.running = get<bool>(state, "Running");
    c.out_of_memory = get<bool>(state, "OOMKilled");
    c.exit_code = get<int>(state, "ExitCode");
    c.pid = get<int>(state, "Pid");
    c.error = get<std::string>(state, "Error");
    c.started = get<std::string>(state, "StartedAt");
    c.finished = get<std::string>(state, "FinishedAt");
    c.image = get<std::string>(config, "Image");
    c.label = engine_json::read_labels(object(config, "Labels"));
    for (const auto& [name, network] : object(object(v, "NetworkSettings"), "Networks").items()) {
        c.networks.push_back(name);
        c.addresses[name] = get<std::string>(network, "IPAddress");
        if (c.address.empty()) c.address = c.addresses[name];
    }
    return c;
}

container_summary read_summary(const json& v) {
    container_summary c;
    c.id = get<std::string>(v, "Id");
    for (const auto& name : array(v, "Names")) {
        c.name = name.get<std::string>();
        if (c.name.starts_with('/')) c.name.erase(0, 1);
        break;
    }
    c.image = get<std::string>(v, "Image");
    c.state = get<std::string>(v, "State");
    c.status = get<std::string>(v, "Status");
    c.created = sys_time(std::chrono::seconds(get<std::int64_t>(v, "Created")));
    for (const auto& [name, network] : object(object(v, "NetworkSettings"), "Networks").items())
        if (c.address.empty()) c.address = get<std::string>(network, "IPAddress");
    c.label = engine_json::read_labels(object(v, "Labels"));
    return c;
}

container_stats read_stats(const json& v) {
    container_stats s;
    const auto& memory = object(v, "memory_stats");
    const auto& detail = object(memory, "stats");
    s.memory_bytes = get<std::int64_t>(memory, "usage");
    // cgroup v1 says total_inactive_file, v2 inactive_file.
    s.memory_bytes -= get<std::int64_t>(detail, "total_inactive_file", get<std::int64_t>(detail, "inactive_file"));
    s.memory_limit = get<std::int64_t>(memory, "limit");
    s.cpu_ns = get<std::uint64_t>(object(object(v, "cpu_stats"), "cpu_usage"), "total_usage");
    s.processes = get<std::int64_t>(object(v, "pids_stats"), "current");
    for (const auto& [name, link] : object(v, "networks").items()) {
        s.received += get<std::uint64_t>(link, "rx_bytes");
        s.sent += get<std::uint64_t>(link, "tx_bytes");
    }
    return s;
}

}  // namespace

task<result<std::string>> engine_client::create_container(container_spec spec, deadline until) {
    std::string body = create_body(spec).dump(-1, ' ', false, json::error_handler_t::replace);
    std::string path = "/containers/create";
    if (!spec.name.empty()) path += "?name=" + url_encode(spec.name);
    auto reply = co_await call("POST", std::move(path), std::move(body), until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, [](const json& v) { return v.at("Id").get<std::string>(); });
}

task<result<>> engine_client::start_container(std::string id, deadline until) {
    auto reply = co_await call("POST", "/containers/" + url_encode(id) + "/start", {}, until);
    if (!reply) co_return reply.error();
    co_return result<>();
}

task<result<>> engine_client::stop_container(std::string id, std::chrono::seconds grace, deadline until) {
    auto reply =
        co_await call("POST", fmt::format("/containers/{}/stop?t={}", url_encode(id), grace.count()), {}, until);
    if (!reply) co_return reply.error();
    co_return result<>();
}

task<result<>> engine_client::kill_container(std::string id, std::string signal, deadline until) {
    auto path = fmt::format("/containers/{}/kill?signal={}", url_encode(id), url_encode(signal));
    auto reply = co_await call("POST", std::move(path), {}, until);
    if (!reply) co_return reply.error();
    co_return result<>();
}

task<result<>> engine_client::pause_container(std::string id, deadline until) {
    auto reply = co_await call("POST", "/containers/" + url_encode(id) + "/pause", {}, until);
    if (!reply) co_return reply.error();
    co_return result<>();
}

task<result<>> engine_client::unpause_container(std::string id, deadline until) {
    auto reply = co_await call("POST", "/containers/" + url_encode(id) + "/unpause", {}, until);
    if (!reply) co_return reply.error();
    co_return result<>();
}

task<result<>> engine_client::remove_container(std::string id, deadline until) {
    const std::string path = "/containers/" + url_encode(id);
    for (;;) {
        auto reply = co_await call("DELETE", path + "?force=1&v=1", {}, until);
        if (reply || reply.error().kind == errc::not_found) co_return result<>();
        if (reply.error().kind != errc::conflict) co_return reply.error();
        // "removal … is already in progress": somebody else's, wait until it is gone.
        auto left = co_await call("GET", path + "/json", {}, until);
        if (!left && left.error().kind == errc::not_found) co_return result<>();
        if (!left) co_return left.error();
        if (until.expired()) co_return reply.error();
        co_await sleep_until(until.sooner(std::chrono::milliseconds(20)));
    }
}

task<result<container_state>> engine_client::inspect_container(std::string id, deadline until) {
    auto reply = co_await call("GET", "/containers/" + url_encode(id) + "/json", {}, until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, read_state);
}

task<result<std::vector<container_summary>>> engine_client::list_containers(std::vector<std::string> with_labels,
                                                                            deadline until) {
    auto path = "/containers/json?all=1&filters=" + engine_json::filters({{"label", std::move(with_labels)}});
    auto reply = co_await call("GET", std::move(path), {}, until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, [](const json& all) {
        std::vector<container_summary> out;
        for (const auto& v : all)
            out.push_back(read_summary(v));
        return out;
    });
}

task<result<int>> engine_client::wait_container(std::string id, deadline until) {
    auto reply = co_await call("POST", "/containers/" + url_encode(id) + "/wait?condition=not-running", {}, until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, [](const json& v) { return v.at("StatusCode").get<int>(); });
}

task<result<std::int64_t>> engine_client::memory_limit(std::string id, deadline until) {
    auto reply = co_await call("GET", "/containers/" + url_encode(id) + "/json", {}, until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body,
                                 [](const json& v) { return get<std::int64_t>(object(v, "HostConfig"), "Memory"); });
}

task<result<container_stats>> engine_client::stats(std::string id, deadline until) {
    // one-shot: without it the engine waits a second for a second sample.
    auto path = "/containers/" + url_encode(id) + "/stats?stream=false&one-shot=true";
    auto reply = co_await call("GET", std::move(path), {}, until);
    if (!reply) co_return reply.error();
    co_return engine_json::parse(reply->body, read_stats);
}

task<result<std::unique_ptr<raw_stream>>> engine_client::attach_container(std::string id, bool input, deadline until) {
    auto path = fmt::format("/containers/{}/attach?stream=1&stdout=1&stderr=1&stdin={}", url_encode(id), input ? 1 : 0);
    auto target = co_await versioned(std::move(path), until);
    if (!target) co_return target.error();
    co_return co_await transport_.hijack(http_request("POST", std::move(*target)), until);
}

task<result<>> engine_client::resize_container(std::string id, int columns, int rows, deadline until) {
    auto path = fmt::format("/containers/{}/resize?w={}&h={}", url_encode(id), columns, rows);
    auto reply = co_await call("POST", std::move(path), {}, until);
    if (!reply) co_return reply.error();
    co_return result<>();
}

task<result<std::unique_ptr<reply_stream>>> engine_client::container_logs(std::string id, log_query query,
                                                                          deadline until) {
    constexpr std::int64_t second = 1'000'000'000;
    auto path = fmt::format("/containers/{}/logs?stdout=1&stderr=1&timestamps=1&follow={}&tail={}&since={}.{:09}",
                            url_encode(id), query.follow ? 1 : 0,
                            query.tail < 0 ? std::string("all") : std::to_string(query.tail),
                            query.since_nanoseconds / second, query.since_nanoseconds % second);
    co_return co_await open(http_request("GET", std::move(path)), until);
}

}  // namespace gasper::runtime
