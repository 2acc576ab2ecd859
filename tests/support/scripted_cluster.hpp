// A cluster whose containers are values and whose failures the test decides. It outlives the control plane under test,
// as an engine does.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "runtime/cluster.hpp"

namespace gasper::test {

/// A shell in which nothing happens.
class silent_terminal final : public runtime::terminal {
 public:
    task<result<chunk>> read() override {
        co_await sleep_until(deadline::after(std::chrono::hours(1)));
        co_return chunk{};
    }
    task<result<>> write(std::string) override { co_return result<>(); }
    task<result<>> close_input() override { co_return result<>(); }
    task<result<>> resize(int, int) override { co_return result<>(); }
    task<result<int>> exit_status() override { co_return 0; }
};

/// A command that does nothing until it is ended for what it wrote.
class writing_terminal final : public runtime::terminal {
 public:
    explicit writing_terminal(std::function<bool()> ended) : ended_(std::move(ended)) {}
    task<result<chunk>> read() override {
        while (!ended_())
            co_await sleep_until(deadline::after(std::chrono::milliseconds(1)));
        co_return chunk{};
    }
    task<result<>> write(std::string) override { co_return result<>(); }
    task<result<>> close_input() override { co_return result<>(); }
    task<result<>> resize(int, int) override { co_return result<>(); }
    task<result<int>> exit_status() override { co_return fail(errc::failed, "disk_limit", "it wrote too much"); }

 private:
    std::function<bool()> ended_;
};

class scripted_cluster final : public runtime::cluster {
 public:
    // The script
    std::set<std::string> never_ready;  // instance names
    std::string refuse_start;           // instance name; empty: none
    int refuse_times{1 << 30};          // then it starts again
    std::set<std::string> unwell;       // containers whose checks fail
    bool hang_in_ready{false};          // wait_ready() does not return until cancelled
    std::string hang_in;                // "sandbox", "start", "run_once": that one neither

    std::vector<node> machines{{.name = "here", .capacity = {64ll << 30, 16}}};
    std::map<std::string, runtime::instance_usage> usage;  // by container; others have used nothing
    std::map<std::string, std::int64_t> written;           // bytes to disk, by container or purpose
    bool has_terminals{false};                             // for one-offs: writing_terminal
    std::string last_words;                                // what an instance says when it is told to end
    int cut_logs{0};                                       // a log that is followed breaks off after so many looks

    std::function<void()> on_call;  // before each call that changes something
    bool dead{false};               // whoever calls has ended: nothing reaches it any more

    // What happened
    std::map<std::string, runtime::observed_instance> containers;
    std::map<std::string, std::deque<runtime::log_line>> output;
    std::set<std::string> sandboxes;
    std::vector<std::string> stopped;
    int freezes{0}, thaws{0};
    std::vector<std::string> removed_apps;
    int checks{0};
    int connected{0};
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

    void crash(const std::string& container, int exit_code) {
        auto& i = containers.at(container);
        i.state = instance_state::crashed;
        i.exit_code = exit_code;
        if (on_change_) on_change_(container);
    }

    bool watched() const { return on_change_ != nullptr; }
    void engine_returns() { on_change_(""); }

    task<result<>> connect(deadline) override {
        ++connected;
        co_return result<>();
    }

    task<result<runtime::sandbox>> make_sandbox(std::string app, deadline) override {
        called();
        if (hang_in == "sandbox") co_await hang();
        const auto name = "sandbox-" + app + "-" + std::to_string(++made_);
        sandboxes.insert(name);
        co_return runtime::sandbox{name, "10.0.0." + std::to_string(made_)};
    }

    task<result<>> drop_sandbox(runtime::sandbox unused) override {
        called();
        sandboxes.erase(unused.container);
        co_return result<>();
    }

    task<result<runtime::observed_instance>> start(runtime::instance_spec spec, std::optional<runtime::sandbox> in,
                                                   deadline) override {
        called();
        if (hang_in == "start") co_await hang();
        if (spec.name == refuse_start && refuse_times-- > 0) co_return fail(errc::failed, "no", "the engine refused");
        runtime::observed_instance i{.container = "c" + std::to_string(++made_),
                                     .sandbox = in ? in->container : "",
                                     .app = spec.app,
                                     .name = spec.name,
                                     .process = spec.process,
                                     .release = spec.release,
                                     .address = "10.0.1." + std::to_string(made_),
                                     .port = spec.port,
                                     .state = instance_state::up,
                                     .node = spec.node,
                                     .reserved = spec.reserved,
                                     .disk_bytes = spec.limit.disk_bytes};
        environments[i.container] = spec.env;
        limits[i.container] = spec.limit;
        mounts[i.container] = spec.mounts;
        containers[i.container] = i;
        const auto same =
            std::count_if(containers.begin(), containers.end(), [&](const auto& c) { return c.second.name == i.name; });
        most_at_once[i.name] = std::max(most_at_once[i.name], static_cast<int>(same));
        i.state = instance_state::starting;
        co_return i;
    }

    task<result<>> wait_ready(runtime::observed_instance instance, health_check, deadline) override {
        if (hang_in_ready) co_await sleep_until(deadline::after(std::chrono::hours(1)));
        if (never_ready.contains(instance.name))
            co_return fail(errc::failed, "not_ready", instance.name + " never listened");
        co_return result<>();
    }

    task<result<>> check(runtime::observed_instance instance, health_check, deadline) override {
        ++checks;
        if (unwell.contains(instance.container)) co_return fail(errc::failed, "unhealthy", "it is not well");
        co_return result<>();
    }

    task<result<>> end(runtime::observed_instance instance, std::chrono::milliseconds) override {
        called();
        const auto at = containers.find(instance.container);
        if (at == containers.end()) co_return result<>();
        if (!last_words.empty()) write(instance.container, last_words, std::chrono::hours(1));
        at->second.state = instance_state::down;
        co_return result<>();
    }

    task<result<>> stop(runtime::observed_instance instance, std::chrono::milliseconds) override {
        called();
        containers.erase(instance.container);
        stopped.push_back(instance.container);
        co_return result<>();
    }

    task<result<>> freeze(runtime::observed_instance instance) override {
        called();
        if (!containers.contains(instance.container)) co_return fail(errc::not_found, "no", "no such container");
        containers.at(instance.container).frozen = true;
        ++freezes;
        co_return result<>();
    }

    task<result<>> thaw(runtime::observed_instance instance) override {
        called();
        if (!containers.contains(instance.container)) co_return fail(errc::not_found, "no", "no such container");
        containers.at(instance.container).frozen = false;
        ++thaws;
        co_return result<>();
    }

    task<result<std::vector<runtime::observed_instance>>> list() override {
        std::vector<runtime::observed_instance> all;
        for (const auto& [id, i] : containers)
            all.push_back(i);
        co_return all;
    }

    task<result<>> sweep(std::vector<std::string> keep) override {
        called();
        std::erase_if(containers,
                      [&](const auto& c) { return std::find(keep.begin(), keep.end(), c.first) == keep.end(); });
        std::erase_if(kept, [&](const auto& k) {
            return std::find(keep.begin(), keep.end(), k.second.what.container) == keep.end();
        });
        sandboxes.clear();
        co_return result<>();
    }

    task<result<>> remove_app(std::string app) override {
        called();
        std::erase_if(containers, [&](const auto& c) { return c.second.app == app; });
        removed_apps.push_back(app);
        co_return result<>();
    }

    task<result<int>> run_once(runtime::once_spec spec, line_sink sink, deadline) override {
        called();
        once.push_back(spec);
        sink("output of " + spec.command);
        while (hang_in == "run_once") {
            if (ended_runs.contains(spec.purpose)) co_return fail(errc::failed, "disk_limit", "it wrote too much");
            co_await sleep_until(deadline::after(std::chrono::milliseconds(1)));
        }
        co_return once_status;
    }

    task<result<std::vector<runtime::kept_run>>> kept_runs() override {
        std::vector<runtime::kept_run> all;
        for (const auto& [name, k] : kept)
            all.push_back(k.what);
        co_return all;
    }

    task<result<runtime::kept_run>> make_kept(runtime::once_spec spec, std::string name, std::string note,
                                              deadline) override {
        called();
        runtime::kept_run made{.name = name, .container = "k" + std::to_string(++made_), .note = std::move(note)};
        const auto said = "output of " + spec.command;
        kept[name] = {.what = made, .spec = std::move(spec), .lines = {said}};
        co_return made;
    }

    task<result<int>> run_kept(runtime::kept_run what, std::size_t seen, runtime::kept_sink sink, deadline) override {
        called();
        const auto at = kept.find(what.name);
        if (at == kept.end()) co_return fail(errc::not_found, "no", "no such container");
        if (!std::exchange(at->second.what.begun, true)) once.push_back(at->second.spec);
        for (;;) {
            const auto still = kept.find(what.name);
            if (still == kept.end()) co_return fail(errc::not_found, "no", "it was removed");
            for (; seen < still->second.lines.size(); ++seen)
                sink(still->second.lines[seen]);
            if (ended_runs.contains(still->second.spec.purpose))
                co_return fail(errc::failed, "disk_limit", "it wrote too much");
            if (hang_in != "run_once") co_return once_status;
            co_await sleep_until(deadline::after(std::chrono::milliseconds(1)));
        }
    }

    task<result<>> drop_kept(std::string name) override {
        called();
        kept.erase(name);
        co_return result<>();
    }

    task<result<std::unique_ptr<runtime::terminal>>> open_once(runtime::once_spec spec, runtime::exec_options,
                                                               deadline) override {
        once.push_back(spec);
        if (!has_terminals) co_return fail(errc::unavailable, "no", "no terminals here");
        auto ended = [this, name = spec.purpose] { return ended_runs.contains(name); };
        std::unique_ptr<runtime::terminal> made = std::make_unique<writing_terminal>(std::move(ended));
        co_return made;
    }

    task<result<std::vector<node>>> nodes() override { co_return machines; }

    task<result<std::vector<runtime::instance_usage>>> measure(std::vector<std::string> of) override {
        std::vector<runtime::instance_usage> all;
        for (const auto& id : of) {
            if (!containers.contains(id)) continue;
            all.push_back(usage[id]);
            all.back().container = id;
        }
        co_return all;
    }

    task<result<std::vector<runtime::observed_instance>>> over_disk(
        std::vector<runtime::observed_instance> these) override {
        std::erase_if(these, [this](const auto& i) { return written[i.container] <= i.disk_bytes; });
        co_return these;
    }

    task<result<>> end_runs_over_disk() override {
        for (const auto& spec : once)
            if (spec.limit.disk_bytes > 0 && written[spec.purpose] > spec.limit.disk_bytes)
                ended_runs.insert(spec.purpose);
        co_return result<>();
    }

    task<result<>> tidy(std::vector<std::string> keep, std::vector<std::string> apps) override {
        tidied.push_back({std::move(keep), std::move(apps)});
        co_return result<>();
    }

    task<result<>> logs(std::string container, runtime::log_options options,
                        std::function<void(runtime::log_line)> sink) override {
        const auto& lines = output[container];
        if (lines.empty()) write(container, "output of " + container, std::chrono::seconds(1));
        for (std::size_t next = options.tail == 0 ? lines.size() : 0;;) {
            if (const auto wait = options.pause ? options.pause() : std::chrono::milliseconds(0); !wait)
                co_return result<>();
            else
                co_await sleep_until(deadline::after(*wait));
            for (; next < lines.size(); ++next)
                if (lines[next].at >= options.since) sink(lines[next]);
            const auto at = containers.find(container);
            const bool ended = at == containers.end() || at->second.state != instance_state::up;
            if (!options.follow || ended) co_return result<>();
            if (cut_logs > 0 && --cut_logs == 0) co_return fail(errc::unavailable, "engine_gone", "it was restarted");
            co_await sleep_until(deadline::after(std::chrono::milliseconds(1)));
        }
    }

    /// The container says something, at a time since 1970.
    void write(const std::string& container, std::string text, std::chrono::nanoseconds at, bool error = false) {
        output[container].push_back({.at = log_time(at), .error = error, .text = std::move(text)});
    }

    task<result<std::unique_ptr<runtime::terminal>>> exec(std::string container, runtime::exec_options) override {
        const auto at = containers.find(container);
        if (at == containers.end() || at->second.state != instance_state::up || at->second.frozen)
            co_return fail(errc::conflict, "not_running", "the container does not run");
        std::unique_ptr<runtime::terminal> made = std::make_unique<silent_terminal>();
        co_return made;
    }

    task<> watch(std::function<void(std::string)> on_change) override {
        struct forgets {
            std::function<void(std::string)>& told;
            ~forgets() { told = nullptr; }
        } at_end{on_change_};
        on_change_ = std::move(on_change);
        co_await sleep_until(deadline::after(std::chrono::hours(1)));
    }

    std::map<std::string, config_vars> environments;
    std::map<std::string, std::vector<runtime::host_mount>> mounts;

 private:
    void called() {
        if (on_call) on_call();
        if (dead) throw boost::system::system_error(asio::error::operation_aborted);
    }
    static task<> hang() { co_await sleep_until(deadline::after(std::chrono::hours(1))); }

    int made_{0};
    std::function<void(std::string)> on_change_;
};

}  // namespace gasper::test
