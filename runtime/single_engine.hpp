// The cluster of one machine: plain containers on the local Docker Engine. Each app has a bridge network of its own on
// a small subnet; an instance is two containers, a sandbox that holds the network and the app's own process in it; its
// /app is an overlay of the release directory. Everything it makes carries its `id`, so that several Gaspers on one
// engine do not touch each other's. All calls come from one executor that runs one handler at a time. It owns the
// background work of terminals that were dropped: await close() before destroying it.
//
// Containers have no restart policy: an engine restart takes the sandboxes' namespaces along and starts containers in
// any order, so a policy could only fail. Gasper sees the death through watch() and list(), and starts anew.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/blocking.hpp"
#include "core/base/log.hpp"
#include "core/base/task_scope.hpp"
#include "runtime/cluster.hpp"
#include "runtime/engine/types.hpp"
#include "runtime/host/cgroup.hpp"
#include "runtime/host/disk.hpp"
#include "runtime/host/machine_load.hpp"
#include "runtime/host/networks.hpp"
#include "runtime/host/wall.hpp"

namespace gasper::runtime {

class engine_client;

struct single_engine_options {
    std::filesystem::path data;         // absolute; instances/ below it is ours
    std::string id;                     // scope of all names and labels, [a-z0-9]{4,16}; empty: a hash of `data`
    std::string pool{"10.213.0.0/16"};  // networks are cut out of it
    int prefix{27};                     // so large each: 29 addresses, one per instance or service
    unsigned uid{1000}, gid{1000};
    std::int64_t tmp_bytes{256ll << 20};  // of /tmp, counted into the instance's memory
    std::string log_size{"10m"};
    int log_files{3};
    std::chrono::minutes stray_after{15};        // what nobody knows is left alone for so long
    std::vector<std::uint16_t> open_host_ports;  // of this host, that containers may reach: the router's
    bool wall_host{true};                        // packet filter rules against the other ports; needs root
    double lines_per_second{1000};               // of run_once's output, beyond a burst of 20,000
    std::chrono::milliseconds settle{1000};      // a process without a port is ready when it ran so long
};

class single_engine final : public cluster {
 public:
    single_engine(engine_client& engine, blocking_pool& files, single_engine_options options, logger& log);
    ~single_engine() override;

    task<result<>> connect(deadline until) override;
    task<result<sandbox>> make_sandbox(std::string app, deadline until) override;
    task<result<>> drop_sandbox(sandbox unused) override;
    task<result<std::multimap<std::string, sandbox>>> idle_sandboxes() override;
    task<result<observed_instance>> start(instance_spec spec, std::optional<sandbox> in, deadline until) override;
    task<result<>> wait_ready(observed_instance instance, health_check how, deadline until) override;
    task<result<>> check(observed_instance instance, health_check how, deadline until) override;
    task<result<>> end(observed_instance instance, std::chrono::milliseconds grace) override;
    task<result<>> stop(observed_instance instance, std::chrono::milliseconds grace) override;
    task<result<>> freeze(observed_instance instance) override;
    task<result<>> thaw(observed_instance instance) override;
    task<result<std::vector<observed_instance>>> list() override;
    task<result<>> sweep(std::vector<std::string> keep) override;
    task<result<>> remove_app(std::string app) override;
    task<result<int>> run_once(once_spec spec, line_sink sink, deadline until) override;
    task<result<std::vector<kept_run>>> kept_runs() override;
    task<result<kept_run>> make_kept(once_spec spec, std::string name, std::string note, deadline until) override;
    task<result<int>> run_kept(kept_run what, std::size_t seen, kept_sink sink, deadline until) override;
    task<result<>> drop_kept(std::string name) override;
    task<result<std::vector<node>>> nodes() override;
    task<result<std::vector<instance_usage>>> measure(std::vector<std::string> containers) override;
    task<result<std::vector<observed_instance>>> over_disk(std::vector<observed_instance> these) override;
    task<result<>> end_runs_over_disk() override;
    task<result<>> tidy(std::vector<std::string> keep, std::vector<std::string> apps) override;
    task<result<std::unique_ptr<terminal>>> open_once(once_spec spec, exec_options how, deadline until) override;
    task<result<>> logs(std::string container, log_options options, std::function<void(log_line)> sink) override;
    task<result<std::unique_ptr<terminal>>> exec(std::string container, exec_options options) override;
    task<> watch(std::function<void(std::string container)> on_change) override;

    /// Everything of this id: containers, networks, mounts, packet filter rules. Images stay.
    task<result<>> remove_everything(deadline until);
    /// Ends background work (killing the commands of dropped terminals). False: some was left at the deadline.
    task<bool> close(deadline until);

    const std::string& id() const noexcept { return options_.id; }
    /// Services have theirs among them, and join those of apps.
    app_networks& networks() noexcept { return networks_; }
    /// Empty when the host's ports are walled off; else why not.
    const std::string& wall_missing() const noexcept { return wall_missing_; }

 private:
    class in_flight;      // a name that sweep() must leave alone
    class once_run;       // a container of run_once and open_once
    class once_terminal;  // a person's
    class counted_run;    // one whose writes are counted
    struct leftover;      // what an unfinished start has made
    struct layer;         // what a container writes to
    struct run_layer {
        std::string container;
        std::int64_t limit{0};
        bool ended{false};  // for what it wrote
    };

    std::string scope_label() const { return "gasper.data=" + options_.id; }
    labels own_labels(const std::string& role, const std::string& app) const;
    std::string new_name(const std::string& app, const std::string& what) const;
    std::filesystem::path instances() const { return options_.data / "instances"; }
    static std::string directory_name(const std::string& sandbox_container) { return sandbox_container.substr(0, 32); }

    bool is_in_flight(const container_summary& c) const;
    task<result<>> ensure_sandbox_image(deadline until);
    container_spec walled(const limits& limit) const;
    container_spec instance_container(const instance_spec& spec, const sandbox& in, const std::string& app_directory);
    container_spec once_container(const once_spec& spec);
    void close_root(container_spec& c) const;
    task<result<std::string>> create_once(const once_spec& spec, container_spec& c, once_run& running, deadline until);
    task<result<std::string>> start_in(instance_spec spec, sandbox in, std::string& name, deadline until);
    task<> undo_start(leftover what);
    task<result<>> remove_instance(leftover what, deadline until);
    task<result<>> remove_all(std::vector<container_summary> these, deadline until);
    task<result<>> remove_side_by_side(std::vector<std::string> ids, deadline until);
    task<result<>> drop_image_claims(deadline until);
    task<result<>> remove_these(std::vector<std::string> directories);
    task<result<>> remove_directories(std::set<std::string> keep);
    task<> stop_services(const std::vector<container_summary>& these, deadline until);
    task<result<std::vector<container_summary>>> ours(std::string more, deadline until);
    task<result<observed_instance>> observe(container_summary c, bool network_lives, deadline until);
    task<std::string> why_it_ended(observed_instance instance, deadline until);
    task<std::string> why_not_listening(observed_instance instance, deadline until);
    task<result<>> becomes_well(observed_instance instance, health_check how, deadline until);
    task<result<int>> follow_once(std::string container, line_sink sink, deadline until);
    task<result<int>> follow_kept(kept_run what, std::size_t seen, kept_sink sink, deadline until);
    task<result<>> pass_on(std::string container, std::size_t& seen, kept_sink sink);
    task<> find_cgroups(const std::vector<std::string>& containers, deadline until);
    task<std::vector<std::size_t>> those_over(std::vector<layer> these, filling& disk);
    task<> hang_up(std::string container, std::string exec);

    engine_client& engine_;
    blocking_pool& files_;
    single_engine_options options_;
    logger& log_;
    app_networks networks_;
    host_wall wall_;
    std::string wall_missing_;
    std::string sandbox_image_;
    std::string engine_root_;  // its data directory
    bool has_init_{true};
    node node_;  // this machine, under the engine's name for it
    machine_load load_;
    std::map<std::string, container_cgroup> cgroups_;  // by container
    std::set<std::string> in_flight_;
    std::map<std::string, run_layer> runs_;  // those that somebody waits for, by their directory
    filling filling_, runs_filling_;         // the disk of `data`, as instances and as runs were looked at
    blocking_pool counting_{"counting", 1};  // of files: nobody waits behind it
    task_scope background_;
};

}  // namespace gasper::runtime
