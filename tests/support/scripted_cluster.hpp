// A cluster whose containers are values and whose failures the test decides. It outlives the control plane under test,
// as an engine does.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "runtime/cluster.hpp"
#include "tests/support/service_engine.hpp"

namespace gasper::test {

/// A shell in which nothing happens.
class silent_terminal final : public runtime::terminal {
 public:
    task<result<chunk>> read() override;
    task<result<>> write(std::string) override;
    task<result<>> close_input() override;
    task<result<>> resize(int, int) override;
    task<result<int>> exit_status() override;
};

/// A command that has done what it was told, without a word.
class done_terminal final : public runtime::terminal {
 public:
    task<result<chunk>> read() override;
    task<result<>> write(std::string) override;
    task<result<>> close_input() override;
    task<result<>> resize(int, int) override;
    task<result<int>> exit_status() override;
};

/// A command that does nothing until it is ended for what it wrote.
class writing_terminal final : public runtime::terminal {
 public:
    explicit writing_terminal(std::function<bool()> ended);
    task<result<chunk>> read() override;
    task<result<>> write(std::string) override;
    task<result<>> close_input() override;
    task<result<>> resize(int, int) override;
    task<result<int>> exit_status() override;

 private:
    std::function<bool()> ended_;
};

class scripted_cluster final : public runtime::cluster {
 public:
    // The script
    std::set<std::string> never_ready;  // instance names
    std::string refuse_start;           // instance name; empty: none
    int refuse_times{1 << 30};          // then it starts again
    bool engine_away{false};            // start() finds no engine
    std::set<std::string> unwell;       // containers whose checks fail
    bool hang_in_ready{false};          // wait_ready() does not return until cancelled
    std::set<std::string> slow_starts;  // instance names: start() waits until they are taken out
    std::set<std::string> slow_stops;   // instance names: end() waits likewise
    bool slow_sandboxes{false};         // make_sandbox() waits until it is false
    std::string hang_in;                // "sandbox", "start", "run_once": that one neither

    std::vector<node> machines{{.name = "here", .capacity = {64ll << 30, 16}}};
    std::map<std::string, runtime::instance_usage> usage;  // by container; others have used nothing
    std::map<std::string, std::int64_t> written;           // bytes to disk, by container or purpose
    bool does_at_once{false};                              // exec(): done_terminal
    bool has_terminals{false};                             // for one-offs: writing_terminal
    std::string last_words;                                // what an instance says when it is told to end
    int cut_logs{0};                                       // a log that is followed breaks off after so many looks

    std::function<void()> on_call;      // before each call that changes something
    bool dead{false};                   // whoever calls has ended: nothing reaches it any more
    service_engine* services{nullptr};  // whose containers one may run commands in

    // What happened
    std::map<std::string, runtime::observed_instance> containers;
    std::map<std::string, std::deque<runtime::log_line>> output;
    std::multimap<std::string, runtime::sandbox> sandboxes;  // by app; those that no instance is in
    int sandboxes_made{0};
    std::map<std::string, std::string> sandbox_of;  // those made ahead, by the container that was started in them
    std::vector<std::string> stopped;
    int freezes{0}, thaws{0};
    std::vector<std::string> removed_apps;
    std::vector<std::vector<std::string>> executed;  // by exec()
    int checks{0};
    int connected{0};
    std::map<std::string, int> starts;                                                  // asked for, by instance name
    std::map<std::string, gasper::limits> limits;                                       // by container
    std::map<std::string, int> most_at_once;                                            // by instance name
    std::vector<runtime::once_spec> once;                                               // as they were begun
    std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> tidied;  // what was kept, and apps
    int once_status{0};
    std::set<std::string> ended_runs;  // for what they wrote, by purpose
    struct kept_one {
        runtime::kept_run what;
        runtime::once_spec spec;
        std::vector<std::string> lines;
    };
    std::map<std::string, kept_one> kept;  // by name

    void crash(const std::string& container, int exit_code);
    /// All that are made ahead die, as they do with the engine.
    void lose_sandboxes() { sandboxes.clear(); }

    bool watched() const;
    void engine_returns();

    task<result<>> connect(deadline) override;
    task<result<runtime::sandbox>> make_sandbox(std::string app, deadline) override;
    task<result<>> drop_sandbox(runtime::sandbox unused) override;
    task<result<std::multimap<std::string, runtime::sandbox>>> idle_sandboxes() override;
    task<result<runtime::observed_instance>> start(runtime::instance_spec spec, std::optional<runtime::sandbox> in,
                                                   deadline) override;
    task<result<>> wait_ready(runtime::observed_instance instance, health_check, deadline) override;
    task<result<>> check(runtime::observed_instance instance, health_check, deadline) override;
    task<result<>> end(runtime::observed_instance instance, std::chrono::milliseconds) override;
    task<result<>> stop(runtime::observed_instance instance, std::chrono::milliseconds) override;
    task<result<>> freeze(runtime::observed_instance instance) override;
    task<result<>> thaw(runtime::observed_instance instance) override;
    task<result<std::vector<runtime::observed_instance>>> list() override;
    task<result<>> sweep(std::vector<std::string> keep) override;
    task<result<>> remove_app(std::string app) override;
    task<result<int>> run_once(runtime::once_spec spec, line_sink sink, deadline) override;
    task<result<std::vector<runtime::kept_run>>> kept_runs() override;
    task<result<runtime::kept_run>> make_kept(runtime::once_spec spec, std::string name, std::string note,
                                              deadline) override;
    task<result<int>> run_kept(runtime::kept_run what, std::size_t seen, runtime::kept_sink sink, deadline) override;
    task<result<>> drop_kept(std::string name) override;
    task<result<std::unique_ptr<runtime::terminal>>> open_once(runtime::once_spec spec, runtime::exec_options,
                                                               deadline) override;

    task<result<std::vector<node>>> nodes() override;
    task<result<std::vector<runtime::instance_usage>>> measure(std::vector<std::string> of) override;
    task<result<std::vector<runtime::observed_instance>>> over_disk(
        std::vector<runtime::observed_instance> these) override;
    task<result<>> end_runs_over_disk() override;
    task<result<>> tidy(std::vector<std::string> keep, std::vector<std::string> apps) override;
    task<result<>> logs(std::string container, runtime::log_options options,
                        std::function<void(runtime::log_line)> sink) override;

    /// The container says something, at a time since 1970.
    void write(const std::string& container, std::string text, std::chrono::nanoseconds at, bool error = false);

    task<result<std::unique_ptr<runtime::terminal>>> exec(std::string container, runtime::exec_options) override;
    task<> watch(std::function<void(std::string)> on_change) override;

    std::map<std::string, config_vars> environments;
    std::map<std::string, std::vector<runtime::host_mount>> mounts;

 private:
    void called();
    bool remove_sandbox(const std::string& container);
    static task<> hang();

    int made_{0};
    std::function<void(std::string)> on_change_;
};

}  // namespace gasper::test
