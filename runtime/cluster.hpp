// Where instances run. Two implementations: single_engine (plain containers on the local Docker Engine) and, later,
// swarm. Nothing above runtime knows which. Values in, values out; all coroutines run on the control executor.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/jobs/job_log.hpp"
#include "core/logs/entry.hpp"
#include "core/model/model.hpp"
#include "core/model/node.hpp"
#include "runtime/terminal.hpp"

namespace gasper::runtime {

/// A network namespace that waits for its instance: a tiny container on the app's network. It costs more than the
/// container itself, so it is made while the push is still building. One sandbox serves one instance.
struct sandbox {
    std::string container;
    std::string address;  // in the app's network, reachable from this host
};

/// A directory of the host inside a container.
struct host_mount {
    std::string from;  // absolute host path
    std::string to;
    bool read_only{false};
};

struct instance_spec {
    std::string app;
    int release{0};
    std::string name;     // "web.1"
    std::string process;  // "web"
    std::string image;
    std::string directory;  // host path of the release directory, seen writable as /app; empty: the image's own
    std::string command;    // given to /bin/sh -c "exec …" in /app
    config_vars env;        // PORT, GASPER_* and config vars, complete
    limits limit;
    std::uint16_t port{0};  // where it must listen; 0: it serves nothing
    std::string node;       // where it goes; empty: where the cluster likes
    resources reserved;     // promised to it; kept with it, and observed again
    std::vector<host_mount> mounts;
};

struct observed_instance {
    std::string container;
    std::string sandbox;
    std::string app;
    std::string name;
    std::string process;
    int release{0};
    std::string address;
    std::uint16_t port{0};
    instance_state state{instance_state::starting};
    int exit_code{0};
    bool out_of_memory{false};
    std::string node;
    sys_time since{};
    bool frozen{false};  // as list() saw it; it counts as up
    resources reserved;
    std::int64_t disk_bytes{0};  // that it may write to its own /app; 0: no limit
};

/// What an instance has used since its start.
struct instance_usage {
    std::string container;
    std::uint64_t cpu_ns{0};
    std::int64_t memory_bytes{0};  // now; without the page cache that can be given back
    std::uint64_t received{0}, sent{0};
    bool operator==(const instance_usage&) const = default;
};

/// A container that runs once to its end: a build, a release command, a one-off.
struct once_spec {
    std::string app;
    std::string purpose;  // "build", "release", "run": a label
    std::string image;
    std::string command;    // /bin/sh -c
    std::string directory;  // working directory inside
    config_vars env;
    std::vector<host_mount> mounts;
    limits limit;
    bool background{false};  // it gives way to all that runs beside it
    // Host path of a release directory, seen writable as /app; what is written goes with it. All else is read-only
    // then, but /tmp, which is memory: as an instance has it.
    std::string release;
    bool app_network{false};  // on the app's network; else on the builds' own network
};

/// A container that runs once and outlives this program: it is found again by the name that its maker gave it.
struct kept_run {
    std::string name;
    std::string container;
    std::string note;            // its maker's, from then
    bool begun{false};           // it was started: it is never started again
    std::string directory;       // the cluster's name of what it writes
    std::int64_t disk_bytes{0};  // that it may write to its own /app; 0: no limit
};
/// Takes a line of output; false: no more of them are wanted.
using kept_sink = std::function<bool(std::string_view line)>;

struct log_options {
    int tail{100};  // lines of the past; -1: all
    bool follow{false};
    log_time since{};
    /// Asked before each read: how long to wait with it, or none to end here. A reader that falls behind loses what the
    /// engine rotates away meanwhile, never the engine's memory.
    std::function<std::optional<std::chrono::milliseconds>()> pause;
};

struct log_line {
    log_time at;
    bool error{false};
    std::string text;
};

struct exec_options {
    std::vector<std::string> command;
    bool terminal{false};
    int columns{80}, rows{24};
    config_vars env;
};

class cluster {
 public:
    virtual ~cluster() = default;

    /// The engine answers, its API version is supported; networks of Gasper exist. Call once at start and after a
    /// reconnect.
    virtual task<result<>> connect(deadline until) = 0;

    virtual task<result<sandbox>> make_sandbox(std::string app, deadline until) = 0;
    virtual task<result<>> drop_sandbox(sandbox unused) = 0;
    /// Those that run and that no instance is in, by their app: what an earlier process made ahead.
    virtual task<result<std::multimap<std::string, sandbox>>> idle_sandboxes() = 0;

    /// Creates and starts; returns as soon as the process runs. Without a sandbox it makes one. On refusal nothing is
    /// left.
    virtual task<result<observed_instance>> start(instance_spec spec, std::optional<sandbox> in, deadline until) = 0;

    /// Ready when the check succeeds (a type without a port and without a check: when it has run for a moment).
    /// Refuses early when the process ended: with its exit code or signal or out-of-memory; or, at the deadline, with
    /// what the last check saw, or the ports it listens on instead.
    virtual task<result<>> wait_ready(observed_instance instance, health_check how, deadline until) = 0;

    /// One look, bounded by the check's timeout. Refuses with "unhealthy" and what was wrong.
    virtual task<result<>> check(observed_instance instance, health_check how, deadline until) = 0;

    /// SIGTERM, `grace`, SIGKILL; the container is left, for its last lines to be read. No error when it has ended.
    virtual task<result<>> end(observed_instance instance, std::chrono::milliseconds grace) = 0;
    /// end(), and removes the container, its sandbox and its mounts. No error when already gone.
    virtual task<result<>> stop(observed_instance instance, std::chrono::milliseconds grace) = 0;

    /// Its processes get no turn, and keep their memory, until thaw(). No error when it is so already.
    virtual task<result<>> freeze(observed_instance instance) = 0;
    virtual task<result<>> thaw(observed_instance instance) = 0;

    /// Everything of Gasper's that is there, running or not. Sandboxes without an instance are removed by sweep().
    virtual task<result<std::vector<observed_instance>>> list() = 0;
    /// Removes containers, mounts and directories of ours that `keep` (ids of containers and sandboxes) does not name.
    virtual task<result<>> sweep(std::vector<std::string> keep) = 0;
    /// Removes what is left of an app: containers, network.
    virtual task<result<>> remove_app(std::string app) = 0;

    /// Runs to its end; output lines go to `sink`. The exit status. At the deadline or on cancellation the container
    /// is removed.
    virtual task<result<int>> run_once(once_spec spec, line_sink sink, deadline until) = 0;

    virtual task<result<std::vector<kept_run>>> kept_runs() = 0;
    /// Makes it, and does not start it. It stays until drop_kept(), and as long as sweep() is told to keep it.
    virtual task<result<kept_run>> make_kept(once_spec spec, std::string name, std::string note, deadline until) = 0;
    /// Starts it unless it was begun, and waits for its end, also while the engine is away. All lines of its output but
    /// the first `seen` go to `sink`. The exit status. A deadline, a refusal and a cancellation leave it as it is.
    virtual task<result<int>> run_kept(kept_run what, std::size_t seen, kept_sink sink, deadline until) = 0;
    /// Kills and removes it. No error when it is gone.
    virtual task<result<>> drop_kept(std::string name) = 0;

    /// As run_once() for a person: its standard streams are the terminal's (with one when `how` says so; its command
    /// and env are the spec's). The container goes when the terminal is destroyed, or at its own end.
    virtual task<result<std::unique_ptr<terminal>>> open_once(once_spec spec, exec_options how, deadline until) = 0;

    /// The machines, with what they have and what is in use now.
    virtual task<result<std::vector<node>>> nodes() = 0;
    /// Of running instances, by container; one that has ended is missing in the answer.
    virtual task<result<std::vector<instance_usage>>> measure(std::vector<std::string> containers) = 0;
    /// Those of these instances that have written more than they may. What a volume or /tmp holds is not counted. Takes
    /// as long as they have files.
    virtual task<result<std::vector<observed_instance>>> over_disk(std::vector<observed_instance> these) = 0;
    /// The same for what runs once, of those that somebody waits for: kills them. Who waits for one, or has its
    /// terminal, is refused with "disk_limit" in place of its status.
    virtual task<result<>> end_runs_over_disk() = 0;
    /// Removes what nobody needs and has been there for a while: ended containers and sandboxes that are not among
    /// `keep` and not being worked on, directories without a container, networks of apps that are not among `apps`.
    virtual task<result<>> tidy(std::vector<std::string> keep, std::vector<std::string> apps) = 0;

    /// Lines of an instance, oldest first; with follow until the container ends or the coroutine is cancelled.
    virtual task<result<>> logs(std::string container, log_options options, std::function<void(log_line)> sink) = 0;

    virtual task<result<std::unique_ptr<terminal>>> exec(std::string container, exec_options options) = 0;

    /// Calls `on_change(container)` whenever a container of ours dies or starts, until cancelled; reconnects. An empty
    /// name: the engine was away and is back.
    virtual task<> watch(std::function<void(std::string container)> on_change) = 0;
};

}  // namespace gasper::runtime
