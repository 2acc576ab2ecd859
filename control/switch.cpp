#include "control/switch.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "control/formation.hpp"
#include "control/sleep.hpp"
#include "control/volume_mounts.hpp"
#include "core/base/join.hpp"
#include "core/store/apps.hpp"
#include "core/store/cron.hpp"
#include "core/store/services.hpp"
#include "core/store/volumes.hpp"

namespace gasper::control {

namespace {

using runtime::observed_instance;

std::chrono::seconds stop_timeout(const parts& p, const std::optional<release>& r, const observed_instance& i) {
    if (r) return rules_for(p, *r, i.process).stop_timeout;
    return std::chrono::ceil<std::chrono::seconds>(p.settings.stop_grace);
}

task<> stop_now(parts& p, observed_instance i) {
    const auto r = co_await p.db.read([&](SQLite::Database& db) {
        const auto a = store::find_app(db, i.app);
        return a ? store::find_release(db, p.box, a->id, i.release) : std::nullopt;
    });
    auto stopped = co_await stop_instance(p, i, stop_timeout(p, r, i));
    if (!stopped)
        p.log.warn("an old instance is left", {{"container", i.container}, {"reason", stopped.error().message}});
    p.running.remove(i.container);
}

// A router that is away cannot say what is in flight: then it is given this long, as one that is back soon may have
// requests of before.
constexpr std::chrono::milliseconds blind_drain = std::chrono::seconds(10);

task<> retire_one(parts& p, observed_instance i, std::chrono::milliseconds drain) {
    const routed_instance web{.name = i.name, .address = i.address, .port = i.port};
    const auto at = address_text(web);
    // One that ended has no requests to finish.
    if (i.port != 0 && i.state == instance_state::up)
        (void)co_await p.tables.drained("router", at, blind_drain, deadline::after(drain));
    co_await stop_now(p, std::move(i));
}

/// One switch: what its steps share.
class switching {
 public:
    switching(parts& p, const change& c, const release& r, job_context& job)
        : p_(p), change_(c), release_(r), job_(job), app_(c.app) {
        app_.language = c.language;
    }

    /// Runs the release command and starts everything.
    task<result<>> run();
    /// After a failure: what was started goes, what was stopped comes back.
    task<> undo();
    /// What is to go after the switch: also what a repair of the old release started meanwhile.
    std::vector<observed_instance> replaced() const;
    ~switching() {
        for (const auto& key : held_)
            p_.held.erase(key);
    }

 private:
    task<result<>> run_release_command();
    task<result<>> replace_exclusive(std::vector<wanted_instance> these);
    task<> stop_old(const std::set<std::string>& processes);

    parts& p_;
    const change& change_;
    const release& release_;
    job_context& job_;
    app app_;
    std::vector<observed_instance> started_;
    std::vector<std::string> held_;
};

// The release phase: `release` of the Procfile, before any instance of the release starts; its failure is the
// release's.
task<result<>> switching::run_release_command() {
    const auto command = release_.processes.find("release");
    if (command == release_.processes.end()) co_return result<>();
    co_await job_.step("release command");
    job_.say("-----> Running release command...");
    runtime::once_spec spec{.app = app_.name,
                            .purpose = "release",
                            .image = release_.code.image,
                            .command = command->second,
                            .directory = "/app",
                            .env = environment(p_, app_, release_, "release.1", "release"),
                            .limit = rules_for(p_, release_, "release").limit,
                            .release = release_.code.directory,
                            .app_network = true};
    spec.mounts = co_await mounts_for(p_, app_.name, release_.version);
    line_sink indent = [this](std::string_view line) { job_.say("       " + std::string(line)); };
    auto status =
        co_await p_.cluster.run_once(std::move(spec), std::move(indent), deadline::after(p_.settings.build_deadline));
    if (!status) co_return status.error();
    if (*status == 0) co_return result<>();
    co_return fail(errc::failed, "release_command_failed",
                   "the release command failed with status " + std::to_string(*status));
}

task<> switching::stop_old(const std::set<std::string>& processes) {
    task_scope stops(p_.executor, [this](const std::string&, const std::string& what) {
        p_.log.error("an exclusive instance was not stopped", {{"app", app_.name}, {"reason", what}});
    });
    std::vector<observed_instance> old;
    for (auto& i : p_.running.of(app_.name))
        if (processes.contains(i.process) && i.release != release_.version) old.push_back(i);
    bool routed = false;
    for (const auto& i : old) {
        p_.running.mark(i.container, instance_state::stopping);
        routed = routed || i.port != 0;
    }
    if (routed) co_await publish_and_wait(p_);
    for (const auto& i : old)
        stops.spawn("stop", stop_now(p_, i));
    co_await join_or_cancel(stops);
}

task<result<>> switching::replace_exclusive(std::vector<wanted_instance> these) {
    std::set<std::string> processes;
    for (const auto& one : these)
        processes.insert(one.process);
    std::string names;
    for (const auto& process : processes) {
        names += (names.empty() ? "" : ", ") + process;
        held_.push_back(app_.name + "/" + process);
        p_.held.insert(held_.back());
    }
    co_await job_.step("exclusive");
    const auto began = deadline::clock::now();
    co_await stop_old(processes);
    auto say = job_.sink();
    auto up = co_await start_formation(p_, app_, release_, std::move(these), started_, std::move(say));
    const std::chrono::duration<double> pause = deadline::clock::now() - began;
    job_.say(fmt::format("       {} (exclusive): the old one stopped before the new one started, {:.1f} s apart", names,
                         pause.count()));
    co_return up;
}

task<result<>> switching::run() {
    auto prepared = co_await run_release_command();
    if (!prepared) co_return prepared;
    co_await job_.step("start");
    auto beside = all_of(change_.wanted, release_.processes);
    const bool writes = co_await shares_volume(p_, change_.app.current, release_.id);
    const auto last = std::stable_partition(beside.begin(), beside.end(), [this, writes](const wanted_instance& one) {
        return !writes && !rules_for(p_, release_, one.process).exclusive;
    });
    std::vector<wanted_instance> instead(last, beside.end());
    beside.erase(last, beside.end());
    auto say = job_.sink();
    auto up = co_await start_formation(p_, app_, release_, std::move(beside), started_, std::move(say));
    if (!up || instead.empty()) co_return up;
    co_return co_await replace_exclusive(std::move(instead));
}

task<> switching::undo() {
    co_await discard(p_, std::exchange(started_, {}));
    if (held_.empty()) co_return;
    const auto serving = co_await p_.db.read([&](SQLite::Database& db) -> std::optional<release> {
        const auto a = store::find_app(db, app_.id);
        return a && !a->stopped ? store::find_release(db, p_.box, a->current) : std::nullopt;
    });
    if (!serving || serving->code.image.empty()) co_return;
    const auto todo = make_plan(change_.app.wanted, serving->processes, serving->version, p_.running.of(app_.name));
    std::vector<wanted_instance> missing;
    for (const auto& [name, process] : todo.start)
        missing.push_back({name, process});
    job_.say("-----> Starting v" + std::to_string(serving->version) + " again");
    std::vector<observed_instance> back;
    auto say = job_.sink();
    auto up = co_await start_formation(p_, change_.app, *serving, std::move(missing), back, std::move(say));
    if (!up) p_.log.error("the old release does not start again", {{"app", app_.name}, {"reason", up.error().message}});
    co_await publish(p_);
}

std::vector<observed_instance> switching::replaced() const {
    auto others = p_.running.of(app_.name);
    std::erase_if(others, [this](const auto& i) {
        return i.state == instance_state::stopping ||
               std::any_of(started_.begin(), started_.end(),
                           [&i](const auto& k) { return k.container == i.container; });
    });
    return others;
}

task<> commit(parts& p, const change& c, const release& r) {
    co_await p.db.transaction([&c, &r](SQLite::Database& db) {
        store::make_current(db, r, c.language, c.wanted);
        store::set_stopped(db, c.app.id, c.app.stopped);
    });
}

task<> write_failure(parts& p, const change& c, const release& r, std::string reason) {
    co_await p.db.transaction([&](SQLite::Database& db) { store::fail_release(db, r.id, reason); });
    co_await note(p, c.app.id, "Release v" + std::to_string(r.version) + " failed: " + reason);
}

/// What a switch has made so far.
struct attempt {
    std::optional<release> made;
    std::optional<switching> under_way;  // none: nothing runs of this release
};

// Everything before the commit: a cancellation may cut it anywhere.
task<result<>> prepare(parts& p, const change& c, attempt& a, job_context& job) {
    co_await job.step("release");
    a.made = co_await p.db.transaction([&](SQLite::Database& db) {
        auto r = store::add_release(db, p.box, c.next);
        store::set_mounts(db, r.id, c.mounts ? *c.mounts : store::mounts_of(db, c.app.current));
        store::set_cron_lines(db, r.id, c.cron ? *c.cron : store::cron_lines_of(db, c.app.current));
        store::mark_service_variables(db, r.id, c.app.id);
        return r;
    });
    if (!a.made->code.image.empty() && !c.app.stopped) {
        a.under_way.emplace(p, c, *a.made, job);
        auto up = co_await a.under_way->run();
        if (!up) co_return up;
    }
    co_await job.step("publish");
    co_return result<>();
}

// A refusal, a cancellation and the end of this program all leave what was there before.
task<result<>> prepare_or_undo(parts& p, const change& c, attempt& a, job_context& job) {
    std::exception_ptr ending;
    result<> prepared = fail(errc::cancelled, "cancelled", "cancelled");
    try {
        prepared = co_await job.guard(prepare(p, c, a, job));
    } catch (...) {
        ending = std::current_exception();
    }
    if (prepared) co_return prepared;
    if (ending) co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    if (a.under_way) co_await a.under_way->undo();
    if (a.made) co_await write_failure(p, c, *a.made, prepared.error().message);
    if (ending) std::rethrow_exception(ending);
    co_return prepared;
}

}  // namespace

task<> discard(parts& p, std::vector<observed_instance> started) {
    for (auto& i : started) {
        p.running.remove(i.container);
        auto stopped = co_await stop_instance(p, i, std::chrono::milliseconds(0));
        if (!stopped)
            p.log.warn("a failed instance is left", {{"container", i.container}, {"reason", stopped.error().message}});
    }
}

void retire(parts& p, std::vector<observed_instance> old, std::chrono::milliseconds drain) {
    for (auto& i : old) {
        p.running.mark(i.container, instance_state::stopping);
        p.background.spawn("drain", retire_one(p, std::move(i), drain));
    }
}

task<result<release>> switch_to(parts& p, const change& c, job_context& job) {
    co_await rouse(p, c.app.id, c.app.name);
    attempt a;
    auto prepared = co_await prepare_or_undo(p, c, a, job);
    if (!prepared) co_return prepared.error();
    job.commit();
    const auto& r = *a.made;
    co_await commit(p, c, r);
    p.cron.wake();
    co_await publish_and_wait(p);
    co_await note(p, c.app.id, "Release v" + std::to_string(r.version) + " (" + r.description + ") by " + r.user);
    if (a.under_way) retire(p, a.under_way->replaced(), p.settings.drain);
    co_return r;
}

namespace {

task<result<>> start_missing(parts& p, const app& a, const std::optional<release>& r,
                             std::vector<wanted_instance> missing, std::vector<observed_instance>& started,
                             job_context& job) {
    co_await job.step("start");
    if (!missing.empty()) {
        auto say = job.sink();
        auto up = co_await start_formation(p, a, *r, std::move(missing), started, std::move(say));
        if (!up) co_return up;
    }
    co_await job.step("publish");
    co_return result<>();
}

}  // namespace

task<result<>> scale_to(parts& p, app_id id, formation wanted, bool stopped, job_context& job) {
    auto [a, r] = co_await p.db.read([&p, id](SQLite::Database& db) {
        auto found = store::find_app(db, id);
        auto current = found && found->current ? store::find_release(db, p.box, found->current) : std::nullopt;
        return std::pair(std::move(found), std::move(current));
    });
    if (!a) co_return fail(errc::not_found, "app_not_found", "the app is gone");
    co_await rouse(p, id, a->name);
    const bool runs = r && !r->code.image.empty() && !stopped;
    const int version = r ? r->version : 0;
    auto observed = p.running.of(a->name);
    std::erase_if(observed, [](const auto& i) { return i.state == instance_state::stopping; });
    auto todo = make_plan(runs ? wanted : formation{}, runs ? r->processes : process_types{}, version, observed);
    std::vector<wanted_instance> missing;
    for (const auto& [name, process] : todo.start)
        missing.push_back({name, process});
    std::vector<observed_instance> started;
    auto up = co_await job.guard(start_missing(p, *a, r, std::move(missing), started, job));
    if (!up) {
        co_await discard(p, std::move(started));
        co_return up;
    }
    job.commit();
    co_await p.db.transaction([&](SQLite::Database& db) {
        store::set_formation(db, id, wanted);
        store::set_stopped(db, id, stopped);
    });
    // Before the table: it must not name them any more.
    retire(p, std::move(todo.stop), p.settings.drain);
    co_await publish_and_wait(p);
    co_return result<>();
}

}  // namespace gasper::control
