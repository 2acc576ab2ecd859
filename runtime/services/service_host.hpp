// Where services run: on the local Docker Engine. A service is two containers: a sandbox that holds its network, and
// with it its addresses, and the server in it, which may end and start anew. It has a network of its own, and joins the
// network of each app that is attached to it, where it answers under service_host_name(); nobody else reaches it. Its
// data is a directory of the host. All calls come from the engine client's executor; knows no kind and no store.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/model/model.hpp"
#include "runtime/engine/types.hpp"

namespace gasper::runtime {

class engine_client;
class app_networks;

struct service_spec {
    std::string name;  // a service's; with a dot in it: a throw-away server
    std::string kind;  // a label
    std::string image;
    std::string data;  // absolute host path, /data inside
    config_vars env;   // no secret: everybody on this machine can read it
    limits limit;
    bool background{false};         // it gives way to all that runs beside it
    std::vector<std::string> apps;  // in whose networks it is
    std::string stop_signal{"SIGTERM"};
    std::chrono::seconds stop_timeout{30};  // then SIGKILL; also when the engine itself ends
};

struct observed_service {
    std::string name;
    std::string container;
    std::string sandbox;
    std::string address;  // in its own network; reachable from this host
    instance_state state{instance_state::starting};
    int exit_code{0};
    bool out_of_memory{false};
    sys_time since{};
};

struct service_host_options {
    std::string id;  // of this Gasper: in names and labels
    unsigned uid{1000}, gid{1000};
    std::string log_size{"10m"};
    int log_files{3};
};

class service_host {
 public:
    service_host(engine_client& engine, app_networks& networks, service_host_options options, logger& log);

    /// Starts the server, in the sandbox that is there or in a new one. What is left of an earlier server goes first.
    task<result<observed_service>> start(service_spec spec, deadline until);
    /// Its signal, its time, SIGKILL; the sandbox stays. No error when it does not run.
    task<result<>> stop(std::string name, std::chrono::seconds timeout);
    /// Server, sandbox and network; the data stays. No error when they are gone already.
    task<result<>> remove(std::string name, deadline until);

    /// From then on the app's instances reach the service. No error when they do already.
    task<result<>> join(std::string name, std::string app, deadline until);
    task<result<>> leave(std::string name, std::string app, deadline until);
    /// The apps whose instances reach it. None when it is not there.
    task<result<std::vector<std::string>>> joined(std::string name, deadline until);

    task<result<std::vector<observed_service>>> list(deadline until);
    /// Removes the servers, sandboxes and networks that `stays` denies; it is asked once the engine has listed all.
    task<result<>> sweep(std::function<bool(const std::string& name)> stays, deadline until);

 private:
    std::string container_name(const std::string& role, const std::string& service) const;
    std::string network_of(const std::string& service) const;
    std::string own_address(const container_state& sandbox, const std::string& service) const;
    container_spec server(const service_spec& spec, const std::string& sandbox) const;
    task<result<std::string>> ensure_sandbox(std::string name, deadline until);
    task<result<std::vector<container_summary>>> ours(deadline until);

    engine_client& engine_;
    app_networks& networks_;
    service_host_options options_;
    logger& log_;
    std::optional<bool> has_init_;
};

}  // namespace gasper::runtime
