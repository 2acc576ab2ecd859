#include "control/switch.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "buildpacks/launch.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

using runtime::observed_instance;

config_vars environment(const parts& p, const app& a, const release& r, const std::string& name,
                        const std::string& process) {
    // What the language needs lies below what the user set.
    auto env = buildpacks::launch_env(a.language, r.limit);
    for (const auto& [key, value] : r.config)
        env[key] = value;
    env["GASPER_APP"] = a.name;
    env["GASPER_INSTANCE"] = name;
    env["GASPER_RELEASE"] = "v" + std::to_string(r.version);
    env["SOURCE_VERSION"] = r.commit;
    if (process == "web") env["PORT"] = std::to_string(p.settings.instance_port);
    return env;
}

runtime::instance_spec spec_of(const parts& p, const app& a, const release& r, const std::string& name,
                               const std::string& process) {
    return {.app = a.name,
            .release = r.version,
            .name = name,
            .process = process,
            .image = r.code.image,
            .directory = r.code.directory,
            .command = r.processes.at(process),
            .env = environment(p, a, r, name, process),
            .limit = r.limit,
            .port = process == "web" ? p.settings.instance_port : std::uint16_t{0}};
}

task<> say_last_lines(parts& p, std::string container, job_context& job) {
    std::vector<std::string> lines;
    auto keep = [&lines](const runtime::log_line& l) { lines.push_back(l.text); };
    auto read = p.cluster.logs(std::move(container), {.tail = 50}, keep);
    auto done = co_await with_deadline(std::move(read), deadline::after(std::chrono::seconds(5)), "reading the log");
    if (!done || lines.empty()) co_return;
    job.say("       The last lines of its log:");
    for (const auto& line : lines)
        job.say("       " + line);
}

// One instance, started and ready; `started` keeps it for the clean-up of a failure that comes later.
task<result<>> bring_up(parts& p, runtime::instance_spec spec, std::vector<observed_instance>& started,
                        job_context* job) {
    const auto until = deadline::after(p.settings.start_deadline);
    auto spare = co_await p.spares.take(spec.app);
    auto instance = co_await p.cluster.start(spec, std::move(spare), until);
    if (!instance) co_return instance.error();
    started.push_back(*instance);
    p.running.add(*instance);
    const health_check port;
    auto ready = co_await p.cluster.wait_ready(*instance, port, until);
    if (!ready) {
        if (job) {
            job->say(" !     " + ready.error().message);
            co_await say_last_lines(p, instance->container, *job);
        }
        co_return ready.error();
    }
    started.back().state = instance_state::up;
    p.running.mark(instance->container, instance_state::up);
    co_return result<>();
}

task<result<>> start_all(parts& p, const change& c, const release& r, std::vector<observed_instance>& started,
                         job_context& job) {
    auto a = c.app;
    a.language = c.language;
    for (const auto& [process, quantity] : c.wanted) {
        if (!r.processes.contains(process)) continue;
        for (int n = 1; n <= quantity; ++n) {
            auto spec = spec_of(p, a, r, process + "." + std::to_string(n), process);
            auto up = co_await bring_up(p, std::move(spec), started, &job);
            if (!up) co_return up.error();
        }
    }
    co_return result<>();
}

// The release phase: `release` of the Procfile, before any instance of the release starts; its failure is the
// release's.
task<result<>> run_release_command(parts& p, const change& c, const release& r, job_context& job) {
    const auto command = r.processes.find("release");
    if (command == r.processes.end()) co_return result<>();
    co_await job.step("release command");
    job.say("-----> Running release command...");
    auto a = c.app;
    a.language = c.language;
    runtime::once_spec spec{.app = a.name,
                            .purpose = "release",
                            .image = r.code.image,
                            .command = command->second,
                            .directory = "/app",
                            .env = environment(p, a, r, "release.1", "release"),
                            .limit = r.limit,
                            .release = r.code.directory,
                            .app_network = true};
    line_sink indent = [&job](std::string_view line) { job.say("       " + std::string(line)); };
    auto status =
        co_await p.cluster.run_once(std::move(spec), std::move(indent), deadline::after(p.settings.build_deadline));
    if (!status) co_return status.error();
    if (*status == 0) co_return result<>();
    co_return fail(errc::failed, "release_command_failed",
                   "the release command failed with status " + std::to_string(*status));
}

task<result<>> run(parts& p, const change& c, const release& r, std::vector<observed_instance>& started,
                   job_context& job) {
    auto prepared = co_await run_release_command(p, c, r, job);
    if (!prepared) co_return prepared;
    co_await job.step("start");
    co_return co_await start_all(p, c, r, started, job);
}

// A router that is away cannot say what is in flight: then it is given this long, as one that is back soon may have
// requests of before.
constexpr std::chrono::milliseconds blind_drain = std::chrono::seconds(10);

task<> retire_now(parts& p, observed_instance old, std::chrono::milliseconds drain) {
    const routed_instance web{.name = old.name, .address = old.address, .port = old.port};
    const auto at = address_text(web);
    if (old.port != 0) (void)co_await p.tables.drained("router", at, blind_drain, deadline::after(drain));
    auto stopped = co_await p.cluster.stop(old, p.settings.stop_grace);
    if (!stopped)
        p.log.warn("an old instance is left", {{"container", old.container}, {"reason", stopped.error().message}});
    p.running.remove(old.container);
}

task<> commit(parts& p, const change& c, const release& r) {
    co_await p.db.transaction([&c, &r](SQLite::Database& db) { store::make_current(db, r, c.language, c.wanted); });
}

}  // namespace

task<> discard(parts& p, std::vector<observed_instance> started) {
    for (auto& i : started) {
        p.running.remove(i.container);
        auto stopped = co_await p.cluster.stop(i, std::chrono::milliseconds(0));
        if (!stopped)
            p.log.warn("a failed instance is left", {{"container", i.container}, {"reason", stopped.error().message}});
    }
}

void retire(parts& p, std::vector<observed_instance> old, std::chrono::milliseconds drain) {
    for (auto& i : old) {
        p.running.mark(i.container, instance_state::stopping);
        p.background.spawn("drain", retire_now(p, std::move(i), drain));
    }
}

namespace {

// What is to go after a switch: also what a repair of the old release started meanwhile.
std::vector<observed_instance> all_but(const parts& p, const std::string& app,
                                       const std::vector<observed_instance>& kept) {
    auto others = p.running.of(app);
    std::erase_if(others, [&kept](const auto& i) {
        return i.state == instance_state::stopping ||
               std::any_of(kept.begin(), kept.end(), [&i](const auto& k) { return k.container == i.container; });
    });
    return others;
}

}  // namespace

task<result<release>> switch_to(parts& p, const change& c, job_context& job) {
    co_await job.step("release");
    const auto r =
        co_await p.db.transaction([&](SQLite::Database& db) { return store::add_release(db, p.box, c.next); });
    const auto version = "v" + std::to_string(r.version);
    const bool runs = !r.code.image.empty();
    std::vector<observed_instance> started;
    if (runs) {
        auto up = co_await run(p, c, r, started, job);
        if (!up) {
            const auto reason = up.error().message;
            co_await discard(p, std::move(started));
            co_await p.db.transaction([&](SQLite::Database& db) { store::fail_release(db, r.id, reason); });
            co_await note(p, c.app.id, "Release " + version + " failed: " + reason);
            co_return up.error();
        }
    }
    co_await job.step("publish");
    co_await commit(p, c, r);
    co_await publish_and_wait(p);
    co_await note(p, c.app.id, "Release " + version + " (" + r.description + ") by " + r.user);
    if (runs) retire(p, all_but(p, c.app.name, started), p.settings.drain);
    co_return r;
}

task<result<>> reconcile(parts& p, app_id id, std::chrono::milliseconds drain) {
    auto found = co_await p.db.read([&p, id](SQLite::Database& db) {
        auto a = store::find_app(db, id);
        auto r = a && a->current ? store::find_release(db, p.box, a->current) : std::nullopt;
        return std::pair(a, r);
    });
    if (!found.first) co_return result<>();
    const auto& a = *found.first;
    const bool runs = found.second && !found.second->code.image.empty();
    const auto wanted = runs ? a.wanted : formation{};
    const auto processes = runs ? found.second->processes : process_types{};
    const int version = runs ? found.second->version : 0;
    // What a running job starts is of a later release, and the job's own.
    const bool busy = p.jobs.busy(a.name);
    auto observed = p.running.of(a.name);
    std::erase_if(observed,
                  [&](const auto& i) { return i.state == instance_state::stopping || (busy && i.release > version); });
    const auto todo = make_plan(wanted, processes, version, observed);
    std::vector<observed_instance> started;
    result<> outcome;
    for (const auto& [name, process] : todo.start) {
        auto spec = spec_of(p, a, *found.second, name, process);
        auto up = co_await bring_up(p, std::move(spec), started, nullptr);
        const auto now_serving = co_await p.db.read([&](SQLite::Database& db) { return store::find_app(db, id); });
        const bool superseded = !now_serving || now_serving->current != a.current;
        if (up && !superseded) {
            co_await publish(p);
            started.clear();
            continue;
        }
        co_await discard(p, std::exchange(started, {}));
        if (superseded) break;
        outcome = up.error();
    }
    std::vector<observed_instance> unwanted;
    for (const auto& i : todo.stop)
        if (const auto* still = p.running.find(i.container); still && still->state != instance_state::stopping)
            unwanted.push_back(i);
    retire(p, std::move(unwanted), drain);
    co_await publish(p);
    co_return outcome;
}

}  // namespace gasper::control
