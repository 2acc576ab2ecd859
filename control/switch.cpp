#include "control/switch.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "control/formation.hpp"
#include "control/sleep.hpp"
#include "control/volume_mounts.hpp"
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

 private:
    task<result<>> run_release_command();
    task<result<>> replace_exclusive(std::vector<wanted_instance> these);
    task<result<>> stop_old(const std::set<std::string>& processes);

    parts& p_;
    const change& change_;
    const release& release_;
    job_context& job_;
    app app_;
    std::vector<observed_instance> started_;
    std::set<std::string> exclusive_;  // process types that were stopped first
    std::vector<start_book::hold> ours_;
};

// The release phase: `release` of the Procfile, before any instance of the release starts; its failure is the
// release's.
task<result<>> switching::run_release_command() {
    const auto command = release_.processes.find("release");
    if (command == release_.processes.end()) co_return result<>();
    if (job_.did("release command")) {
        job_.say("-----> The release command has run already");
        co_return result<>();
    }
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
    if (!status && status.error().code == "disk_limit")
        co_return fail(errc::failed, "disk_limit", "the release command was ended: " + status.error().message);
    if (!status) co_return status.error();
    if (*status == 0) co_return result<>();
    co_return fail(errc::failed, "release_command_failed",
                   "the release command failed with status " + std::to_string(*status));
}

task<result<>> switching::stop_old(const std::set<std::string>& processes) {
    std::vector<observed_instance> old;
    for (auto& i : p_.running.of(app_.name))
        if (processes.contains(i.process) && i.release != release_.version && i.state != instance_state::stopping)
            old.push_back(std::move(i));
    co_return co_await stop_first(p_, std::move(old));
}

task<result<>> switching::replace_exclusive(std::vector<wanted_instance> these) {
    for (const auto& one : these)
        exclusive_.insert(one.process);
    std::string names;
    for (const auto& process : exclusive_) {
        names += (names.empty() ? "" : ", ") + process;
        ours_.push_back(p_.starts.take(app_.name, process));
    }
    co_await job_.step("exclusive");
    // A restart of the old release that is under way would come up beside the new one.
    for (const auto& process : exclusive_)
        while (p_.starts.under_way(app_.name, process))
            co_await sleep_until(deadline::after(start_book::look_again));
    const auto began = deadline::clock::now();
    auto alone = co_await stop_old(exclusive_);
    if (!alone) co_return alone;
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
    co_await job_.mark("start");
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
    if (exclusive_.empty()) co_return;
    const auto serving = co_await p_.db.read([&](SQLite::Database& db) -> std::optional<release> {
        const auto a = store::find_app(db, app_.id);
        return a && !a->stopped ? store::find_release(db, p_.box, a->current) : std::nullopt;
    });
    if (!serving || serving->code.image.empty()) co_return;
    const auto todo = make_plan(change_.app.wanted, serving->processes, serving->version, p_.running.of(app_.name));
    std::vector<wanted_instance> missing;
    for (const auto& [name, process] : todo.start)
        // What supervision has under way, and the other types, it keeps up by itself.
        if (exclusive_.contains(process) && !p_.starts.under_way(app_.name, process))
            missing.push_back({name, process});
    job_.say("-----> Starting v" + std::to_string(serving->version) + " again");
    std::vector<observed_instance> back;
    auto say = job_.sink();
    auto up = co_await start_formation(p_, change_.app, *serving, std::move(missing), back, std::move(say));
    if (!up) {
        p_.log.error("the old release does not start again", {{"app", app_.name}, {"reason", up.error().message}});
        std::erase_if(back, [](const auto& i) { return i.state == instance_state::up; });
        co_await discard(p_, std::move(back));
    }
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

void tell(parts& p, const std::string& app, const store::event& said) {
    p.logs->admit(app);
    p.logs->say(app, said.at, said.text, said.id);
}

store::event add_event(SQLite::Database& db, app_id id, const std::string& text) {
    store::add_event(db, id, text);
    return store::events_of(db, id, 0, 1).front();
}

// Whoever finds a job at "publish" knows that its effect is there.
task<> commit(parts& p, const change& c, const release& r, const job_context& job) {
    const auto text = "Release v" + std::to_string(r.version) + " (" + r.description + ") by " + r.user;
    const auto said = co_await p.db.transaction([&](SQLite::Database& db) {
        store::make_current(db, r, c.language, c.wanted);
        store::set_stopped(db, c.app.id, c.app.stopped);
        if (c.effect) c.effect(db, r);
        job.step_in(db, committed_step);
        return add_event(db, c.app.id, text);
    });
    tell(p, c.app.name, said);
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
    co_await job.mark("release");
    // Durable with the commit; until then a start takes it for never begun.
    auto made = co_await p.db.mark([&](SQLite::Database& db) -> result<release> {
        const auto mounts = c.mounts ? *c.mounts : store::mounts_of(db, c.app.current);
        if (auto free = store::check_mounts(db, c.app.id, mounts); !free) return free.error();
        auto r = store::add_release(db, p.box, c.next);
        store::set_mounts(db, r.id, mounts);
        store::set_cron_lines(db, r.id, c.cron ? *c.cron : store::cron_lines_of(db, c.app.current));
        store::mark_service_variables(db, r.id, c.app.id);
        return r;
    });
    if (!made) co_return made.error();
    a.made = std::move(*made);
    if (!a.made->code.image.empty() && !c.app.stopped) {
        a.under_way.emplace(p, c, *a.made, job);
        auto up = co_await a.under_way->run();
        if (!up) co_return up;
    }
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
    std::vector<observed_instance> ours;
    bool routed = false;
    for (auto& i : started) {
        const auto* known = p.running.find(i.container);
        if (known && known->state == instance_state::stopping) continue;  // whoever retired it stops it
        routed = routed || (i.port != 0 && known && known->state == instance_state::up);
        p.running.remove(i.container);
        ours.push_back(std::move(i));
    }
    // Whoever published meanwhile named those that were ready.
    if (routed) co_await publish_and_wait(p);
    for (const auto& i : ours) {
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

task<result<>> stop_first(parts& p, std::vector<observed_instance> old) {
    const auto routed = std::any_of(old.begin(), old.end(), [](const auto& i) { return i.port != 0; });
    retire(p, old, p.settings.drain);
    if (routed) co_await publish_and_wait(p);
    for (const auto& i : old)
        if (auto ended = co_await see_ended(p, i); !ended) co_return ended;
    co_return result<>();
}

task<result<release>> switch_to(parts& p, const change& c, job_context& job) {
    co_await rouse(p, c.app.id, c.app.name);
    attempt a;
    auto prepared = co_await prepare_or_undo(p, c, a, job);
    if (!prepared) co_return prepared.error();
    job.commit();
    const auto& r = *a.made;
    co_await commit(p, c, r, job);
    p.cron.wake();
    co_await publish_and_wait(p);
    if (a.under_way) retire(p, a.under_way->replaced(), p.settings.drain);
    co_return r;
}

namespace {

/// What an app's formation shall be, and what was made of it so far.
struct scaling {
    app a;
    std::optional<release> r;
    formation wanted;
    bool stopped;
    std::vector<start_book::hold> ours;
    std::vector<observed_instance> started;
};

plan next_of(const parts& p, const scaling& s) {
    const bool runs = s.r && !s.r->code.image.empty() && !s.stopped;
    auto observed = p.running.of(s.a.name);
    std::erase_if(observed, [](const auto& i) { return i.state == instance_state::stopping; });
    return make_plan(runs ? s.wanted : formation{}, runs ? s.r->processes : process_types{}, s.r ? s.r->version : 0,
                     observed);
}

// What lacks is ours to start from then on. False: supervision has some of it under way.
bool take_missing(parts& p, scaling& s, std::vector<wanted_instance>& missing) {
    missing.clear();
    const auto todo = next_of(p, s);
    for (const auto& [name, process] : todo.start)
        missing.push_back({name, process});
    if (!std::all_of(missing.begin(), missing.end(),
                     [&](const auto& one) { return p.starts.free(s.a.name, one.process, one.name); }))
        return false;
    for (const auto& one : missing)
        s.ours.push_back(p.starts.take(s.a.name, one.name));
    return true;
}

task<result<>> start_missing(parts& p, scaling& s, job_context& job) {
    co_await job.step("start");
    std::vector<wanted_instance> missing;
    while (!take_missing(p, s, missing))
        co_await sleep_until(deadline::after(start_book::look_again));
    if (!missing.empty()) {
        auto say = job.sink();
        auto up = co_await start_formation(p, s.a, *s.r, std::move(missing), s.started, std::move(say));
        if (!up) co_return up;
    }
    co_return result<>();
}

}  // namespace

task<result<>> scale_to(parts& p, app_id id, formation wanted, bool stopped, std::string done, job_context& job) {
    auto [a, r] = co_await p.db.read([&p, id](SQLite::Database& db) {
        auto found = store::find_app(db, id);
        auto current = found && found->current ? store::find_release(db, p.box, found->current) : std::nullopt;
        return std::pair(std::move(found), std::move(current));
    });
    if (!a) co_return fail(errc::not_found, "app_not_found", "the app is gone");
    co_await rouse(p, id, a->name);
    scaling s{.a = std::move(*a), .r = std::move(r), .wanted = wanted, .stopped = stopped, .ours = {}, .started = {}};
    auto up = co_await job.guard(start_missing(p, s, job));
    if (!up) {
        co_await discard(p, std::move(s.started));
        co_return up;
    }
    job.commit();
    const auto said = co_await p.db.transaction([&](SQLite::Database& db) {
        store::set_formation(db, id, wanted);
        store::set_stopped(db, id, stopped);
        job.step_in(db, committed_step);
        return add_event(db, id, done);
    });
    tell(p, s.a.name, said);
    // Before the table: it must not name them any more. Also what a restart brought up meanwhile.
    auto todo = next_of(p, s);
    retire(p, std::move(todo.stop), p.settings.drain);
    co_await publish_and_wait(p);
    co_return result<>();
}

}  // namespace gasper::control
