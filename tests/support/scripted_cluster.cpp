#include "tests/support/scripted_cluster.hpp"

#include <algorithm>

namespace gasper::test {

task<result<runtime::terminal::chunk>> silent_terminal::read() {
    co_await sleep_until(deadline::after(std::chrono::hours(1)));
    co_return chunk{};
}

task<result<>> silent_terminal::write(std::string) {
    co_return result<>();
}

task<result<>> silent_terminal::close_input() {
    co_return result<>();
}

task<result<>> silent_terminal::resize(int, int) {
    co_return result<>();
}

task<result<int>> silent_terminal::exit_status() {
    co_return 0;
}

task<result<runtime::terminal::chunk>> done_terminal::read() {
    co_return chunk{};
}

task<result<>> done_terminal::write(std::string) {
    co_return result<>();
}

task<result<>> done_terminal::close_input() {
    co_return result<>();
}

task<result<>> done_terminal::resize(int, int) {
    co_return result<>();
}

task<result<int>> done_terminal::exit_status() {
    co_return 0;
}

writing_terminal::writing_terminal(std::function<bool()> ended) : ended_(std::move(ended)) {}

task<result<runtime::terminal::chunk>> writing_terminal::read() {
    while (!ended_())
        co_await sleep_until(deadline::after(std::chrono::milliseconds(1)));
    co_return chunk{};
}

task<result<>> writing_terminal::write(std::string) {
    co_return result<>();
}

task<result<>> writing_terminal::close_input() {
    co_return result<>();
}

task<result<>> writing_terminal::resize(int, int) {
    co_return result<>();
}

task<result<int>> writing_terminal::exit_status() {
    co_return fail(errc::failed, "disk_limit", "it wrote too much");
}

void scripted_cluster::crash(const std::string& container, int exit_code) {
    auto& i = containers.at(container);
    i.state = instance_state::crashed;
    i.exit_code = exit_code;
    if (on_change_) on_change_(container);
}

bool scripted_cluster::watched() const {
    return on_change_ != nullptr;
}

void scripted_cluster::engine_returns() {
    on_change_("");
}

task<result<>> scripted_cluster::connect(deadline) {
    ++connected;
    co_return result<>();
}

task<result<runtime::sandbox>> scripted_cluster::make_sandbox(std::string app, deadline) {
    called();
    if (hang_in == "sandbox") co_await hang();
    while (slow_sandboxes)
        co_await sleep_until(deadline::after(std::chrono::milliseconds(1)));
    ++sandboxes_made;
    const auto number = std::to_string(++made_);
    runtime::sandbox made{"sandbox-" + app + "-" + number, "10.0.0." + number};
    sandboxes.emplace(app, made);
    co_return made;
}

bool scripted_cluster::remove_sandbox(const std::string& container) {
    return std::erase_if(sandboxes, [&](const auto& s) { return s.second.container == container; }) > 0;
}

task<result<std::multimap<std::string, runtime::sandbox>>> scripted_cluster::idle_sandboxes() {
    co_return sandboxes;
}

task<result<>> scripted_cluster::drop_sandbox(runtime::sandbox unused) {
    called();
    (void)remove_sandbox(unused.container);
    co_return result<>();
}

task<result<runtime::observed_instance>> scripted_cluster::start(runtime::instance_spec spec,
                                                                 std::optional<runtime::sandbox> in, deadline) {
    called();
    ++starts[spec.name];
    if (hang_in == "start") co_await hang();
    while (slow_starts.contains(spec.name))
        co_await sleep_until(deadline::after(std::chrono::milliseconds(1)));
    if (engine_away) co_return fail(errc::unavailable, "engine_unavailable", "the engine does not answer");
    const bool lives = in && remove_sandbox(in->container);
    if (spec.name == refuse_start && refuse_times-- > 0) co_return fail(errc::failed, "no", "the engine refused");
    runtime::observed_instance i{.container = "c" + std::to_string(++made_),
                                 .sandbox = lives ? in->container : "",
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
    if (lives) sandbox_of[i.container] = i.sandbox;
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

task<result<>> scripted_cluster::wait_ready(runtime::observed_instance instance, health_check, deadline) {
    if (hang_in_ready) co_await sleep_until(deadline::after(std::chrono::hours(1)));
    if (never_ready.contains(instance.name))
        co_return fail(errc::failed, "not_ready", instance.name + " never listened");
    const auto at = containers.find(instance.container);
    if (at == containers.end() || at->second.state != instance_state::up)
        co_return fail(errc::failed, "instance_crashed", instance.name + " ended before it was ready");
    co_return result<>();
}

task<result<>> scripted_cluster::check(runtime::observed_instance instance, health_check, deadline) {
    ++checks;
    if (unwell.contains(instance.container)) co_return fail(errc::failed, "unhealthy", "it is not well");
    co_return result<>();
}

task<result<>> scripted_cluster::end(runtime::observed_instance instance, std::chrono::milliseconds) {
    called();
    while (slow_stops.contains(instance.name))
        co_await sleep_until(deadline::after(std::chrono::milliseconds(1)));
    const auto at = containers.find(instance.container);
    if (at == containers.end()) co_return result<>();
    if (!last_words.empty()) write(instance.container, last_words, std::chrono::hours(1));
    at->second.state = instance_state::down;
    co_return result<>();
}

task<result<>> scripted_cluster::stop(runtime::observed_instance instance, std::chrono::milliseconds) {
    called();
    containers.erase(instance.container);
    stopped.push_back(instance.container);
    co_return result<>();
}

task<result<>> scripted_cluster::freeze(runtime::observed_instance instance) {
    called();
    if (!containers.contains(instance.container)) co_return fail(errc::not_found, "no", "no such container");
    containers.at(instance.container).frozen = true;
    ++freezes;
    co_return result<>();
}

task<result<>> scripted_cluster::thaw(runtime::observed_instance instance) {
    called();
    if (!containers.contains(instance.container)) co_return fail(errc::not_found, "no", "no such container");
    containers.at(instance.container).frozen = false;
    ++thaws;
    co_return result<>();
}

task<result<std::vector<runtime::observed_instance>>> scripted_cluster::list() {
    std::vector<runtime::observed_instance> all;
    for (const auto& [id, i] : containers)
        all.push_back(i);
    co_return all;
}

task<result<>> scripted_cluster::sweep(std::vector<std::string> keep) {
    called();
    std::erase_if(containers,
                  [&](const auto& c) { return std::find(keep.begin(), keep.end(), c.first) == keep.end(); });
    std::erase_if(kept, [&](const auto& k) {
        return std::find(keep.begin(), keep.end(), k.second.what.container) == keep.end();
    });
    std::erase_if(sandboxes,
                  [&](const auto& s) { return std::find(keep.begin(), keep.end(), s.second.container) == keep.end(); });
    co_return result<>();
}

task<result<>> scripted_cluster::remove_app(std::string app) {
    called();
    std::erase_if(containers, [&](const auto& c) { return c.second.app == app; });
    sandboxes.erase(app);
    removed_apps.push_back(app);
    co_return result<>();
}

task<result<int>> scripted_cluster::run_once(runtime::once_spec spec, line_sink sink, deadline) {
    called();
    once.push_back(spec);
    sink("output of " + spec.command);
    while (hang_in == "run_once") {
        if (ended_runs.contains(spec.purpose)) co_return fail(errc::failed, "disk_limit", "it wrote too much");
        co_await sleep_until(deadline::after(std::chrono::milliseconds(1)));
    }
    co_return once_status;
}

task<result<std::vector<runtime::kept_run>>> scripted_cluster::kept_runs() {
    std::vector<runtime::kept_run> all;
    for (const auto& [name, k] : kept)
        all.push_back(k.what);
    co_return all;
}

task<result<runtime::kept_run>> scripted_cluster::make_kept(runtime::once_spec spec, std::string name, std::string note,
                                                            deadline) {
    called();
    runtime::kept_run made{.name = name, .container = "k" + std::to_string(++made_), .note = std::move(note)};
    const auto said = "output of " + spec.command;
    kept[name] = {.what = made, .spec = std::move(spec), .lines = {said}};
    co_return made;
}

task<result<int>> scripted_cluster::run_kept(runtime::kept_run what, std::size_t seen, runtime::kept_sink sink,
                                             deadline) {
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

task<result<>> scripted_cluster::drop_kept(std::string name) {
    called();
    kept.erase(name);
    co_return result<>();
}

task<result<std::unique_ptr<runtime::terminal>>> scripted_cluster::open_once(runtime::once_spec spec,
                                                                             runtime::exec_options, deadline) {
    if (services && spec.purpose == "login") co_return services->login(spec);
    once.push_back(spec);
    if (!has_terminals) co_return fail(errc::unavailable, "no", "no terminals here");
    auto ended = [this, name = spec.purpose] { return ended_runs.contains(name); };
    std::unique_ptr<runtime::terminal> made = std::make_unique<writing_terminal>(std::move(ended));
    co_return made;
}

task<result<std::vector<node>>> scripted_cluster::nodes() {
    co_return machines;
}

task<result<std::vector<runtime::instance_usage>>> scripted_cluster::measure(std::vector<std::string> of) {
    std::vector<runtime::instance_usage> all;
    for (const auto& id : of) {
        if (!containers.contains(id)) continue;
        all.push_back(usage[id]);
        all.back().container = id;
    }
    co_return all;
}

task<result<std::vector<runtime::observed_instance>>> scripted_cluster::over_disk(
    std::vector<runtime::observed_instance> these) {
    std::erase_if(these, [this](const auto& i) { return written[i.container] <= i.disk_bytes; });
    co_return these;
}

task<result<>> scripted_cluster::end_runs_over_disk() {
    for (const auto& spec : once)
        if (spec.limit.disk_bytes > 0 && written[spec.purpose] > spec.limit.disk_bytes) ended_runs.insert(spec.purpose);
    co_return result<>();
}

task<result<>> scripted_cluster::tidy(std::vector<std::string> keep, std::vector<std::string> apps) {
    tidied.push_back({std::move(keep), std::move(apps)});
    co_return result<>();
}

task<result<>> scripted_cluster::logs(std::string container, runtime::log_options options,
                                      std::function<void(runtime::log_line)> sink) {
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

void scripted_cluster::write(const std::string& container, std::string text, std::chrono::nanoseconds at, bool error) {
    output[container].push_back({.at = log_time(at), .error = error, .text = std::move(text)});
}

task<result<std::unique_ptr<runtime::terminal>>> scripted_cluster::exec(std::string container,
                                                                        runtime::exec_options how) {
    if (const auto* s = services ? services->find_running(container) : nullptr) co_return services->exec(s->id, how);
    const auto at = containers.find(container);
    if (at == containers.end() || at->second.state != instance_state::up || at->second.frozen)
        co_return fail(errc::conflict, "not_running", "the container does not run");
    executed.push_back(std::move(how.command));
    std::unique_ptr<runtime::terminal> made = std::make_unique<silent_terminal>();
    if (does_at_once) made = std::make_unique<done_terminal>();
    co_return made;
}

task<> scripted_cluster::watch(std::function<void(std::string)> on_change) {
    struct forgets {
        std::function<void(std::string)>& told;
        ~forgets() { told = nullptr; }
    } at_end{on_change_};
    on_change_ = std::move(on_change);
    co_await sleep_until(deadline::after(std::chrono::hours(1)));
}

void scripted_cluster::called() {
    if (on_call) on_call();
    if (dead) throw boost::system::system_error(asio::error::operation_aborted);
}

task<> scripted_cluster::hang() {
    co_await sleep_until(deadline::after(std::chrono::hours(1)));
}

}  // namespace gasper::test
