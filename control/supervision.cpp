#include "control/supervision.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <random>

#include "control/audit.hpp"
#include "control/formation.hpp"
#include "control/services/watching.hpp"
#include "control/switch.hpp"
#include "core/base/rounds.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

using runtime::observed_instance;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto look_again = seconds(15);
constexpr auto longest_unasked = seconds(5);     // between two tries while there is no engine
constexpr auto calm = std::chrono::minutes(10);  // it served for so long: its end is in no row

double chance() {
    static std::minstd_rand dice{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(dice);
}

std::string key_of(const std::string& app, const std::string& name) {
    return app + "/" + name;
}

// From when it was ready: how long it took to get there says nothing.
bool was_calm(const parts::restart_state& r) {
    return r.ready && deadline::clock::now() - *r.ready > calm;
}

int count_end(parts& p, const std::string& key, int release) {
    auto& r = p.restarts[key];
    r.in_row = was_calm(r) || r.release != release ? 1 : r.in_row + 1;
    r.release = release;
    r.ready.reset();
    r.no_room = false;
    return r.in_row;
}

// The first end in a row and the one that makes it crashed: more would be a mail each. A disk that is full costs the
// entry, not the repair.
task<> record_crash(parts& p, std::string app, std::string what, int ends) {
    if (ends != 1 && ends != crashed_after) co_return;
    try {
        co_await record(p, "gasper", "app.crashed", std::move(app), std::move(what));
    } catch (const refusal& e) {
        p.log.warn("an event is not kept", {{"event", "app.crashed"}, {"reason", e.what()}});
    }
}

struct serving {
    std::optional<app> a;
    std::optional<release> r;
    bool runs() const { return a && !a->stopped && r && !r->code.image.empty(); }
};

task<serving> load(parts& p, app_id id) {
    co_return co_await p.db.read([&p, id](SQLite::Database& db) {
        serving s{.a = store::find_app(db, id), .r = {}};
        if (s.a && s.a->current) s.r = store::find_release(db, p.box, s.a->current);
        return s;
    });
}

bool wants(const parts& p, const serving& s, const wanted_instance& one) {
    if (!s.runs() || !s.r->processes.contains(one.process) || p.sleep.sleeps(s.a->name)) return false;
    const auto quantity = s.a->wanted.find(one.process);
    return quantity != s.a->wanted.end() && std::stoi(one.name.substr(one.process.size() + 1)) <= quantity->second;
}

bool lacks(const parts& p, const serving& s, const wanted_instance& one) {
    if (!wants(p, s, one)) return false;
    const auto there = p.running.of(s.a->name, s.r->version);
    return std::none_of(there.begin(), there.end(), [&](const observed_instance& i) {
        return i.name == one.name && (i.state == instance_state::up || i.state == instance_state::starting);
    });
}

enum class try_outcome { done, again, no_engine };

// An engine that does not answer, or not in time, says nothing about the app.
bool says_no_engine(const error& e) {
    return e.kind == errc::unavailable ? e.code.starts_with("engine_") : e.code == "deadline";
}

// Said at the end that makes it crashed, and at no other.
std::string said_when_crashed(const std::string& name, int ends) {
    if (ends != crashed_after) return "";
    return "; " + name + " has crashed " + std::to_string(ends) + " times in a row and is tried every 5 minutes";
}

task<> note_failed_start(parts& p, app_id id, std::string app, std::string name, int release, error why) {
    const int ends = count_end(p, key_of(app, name), release);
    p.log.warn("an instance does not start", {{"app", app}, {"instance", name}, {"reason", why.message}});
    auto& r = p.restarts[key_of(app, name)];
    r.no_room = why.code == "no_capacity";
    const bool crashed_now = ends == crashed_after && !r.no_room;
    auto text = "Restart failed: " + why.message;
    if (crashed_now) text += said_when_crashed(name, ends);
    co_await note(p, id, text);
    if (crashed_now) co_await record_crash(p, app, name + " does not start: " + why.message, ends);
}

// One try, when its time has come.
task<try_outcome> start_again(parts& p, app_id id, wanted_instance one) {
    auto before = co_await load(p, id);
    if (before.a && !p.starts.free(before.a->name, one.process, one.name)) co_return try_outcome::again;
    if (!lacks(p, before, one)) co_return try_outcome::done;
    const auto ours = p.starts.take(before.a->name, one.name);
    std::vector<observed_instance> started;
    std::vector<wanted_instance> just_one{one};
    line_sink nobody;
    auto up = co_await start_formation(p, *before.a, *before.r, std::move(just_one), started, std::move(nobody));
    const auto after = co_await load(p, id);
    const bool wanted_still = wants(p, after, one) && after.a->current == before.a->current;
    if (up && wanted_still) {
        co_await publish(p);
        co_return try_outcome::done;
    }
    co_await discard(p, std::move(started));
    // What is wanted now may be another of that name, and whoever came for it meanwhile left it to us.
    if (!wanted_still || up.error().code == retired_meanwhile) co_return try_outcome::again;
    if (says_no_engine(up.error())) co_return try_outcome::no_engine;
    co_await note_failed_start(p, id, before.a->name, one.name, before.r->version, up.error());
    co_return try_outcome::again;
}

// A machine that takes instances again may have the room that lacked, and an engine that is back starts what it did
// not: then there is nothing to wait for.
task<> wait_for_turn(parts& p, milliseconds pause) {
    const auto until = deadline::after(pause);
    const auto known = p.machines.changes();
    const auto returns = p.engine_returns;
    while (!until.expired() && p.machines.changes() == known && p.engine_returns == returns)
        co_await sleep_until(until.sooner(seconds(1)));
}

task<> restart(parts& p, app_id id, std::string name, wanted_instance one) {
    struct at_end {
        parts& p;
        const std::string key;
        ~at_end() { p.restarts[key].pending = false; }
    } const over{p, key_of(name, one.name)};
    int without_engine = 0;  // tries in a row
    for (auto outcome = try_outcome::again; outcome != try_outcome::done;) {
        auto pause = back_off(p.restarts[over.key].in_row - 1, chance());
        if (without_engine > 0) pause = std::min<milliseconds>(back_off(without_engine, chance()), longest_unasked);
        co_await wait_for_turn(p, pause);
        // A job that starts it may fail: then it is ours again.
        while (!p.starts.free(name, one.process, one.name))
            co_await sleep_until(deadline::after(start_book::look_again));
        outcome = co_await start_again(p, id, one);
        without_engine = outcome == try_outcome::no_engine ? without_engine + 1 : 0;
        if (without_engine == 1)
            co_await note(p, id, one.name + " waits for the container engine, which cannot be asked");
    }
}

using observation = std::optional<observed_instance>;

// How an instance that an event spoke of is now; none: it is gone. The engine lists a container as running for a
// moment after it said that it died: look again before believing that.
task<result<observation>> look_at(parts& p, std::string container) {
    const auto patience = deadline::after(seconds(2));
    for (auto pause = milliseconds(10);; pause *= 2) {
        auto there = co_await p.cluster.list();
        if (!there) co_return there.error();
        observation found;
        for (auto& i : *there)
            if (i.container == container) found = std::move(i);
        if (!found || found->state != instance_state::up || patience.expired()) co_return found;
        co_await sleep_until(deadline::after(pause));
    }
}

std::string how_it_ended(const observed_instance* now_there) {
    if (!now_there) return "is gone";
    if (now_there->out_of_memory) return "was killed: out of memory";
    const int code = now_there->exit_code;
    if (code > 128 && code < 160) return "was ended by signal " + std::to_string(code - 128);
    return "exited with status " + std::to_string(code);
}

task<> handle_end(parts& p, std::string container) {
    const auto* known = p.running.find(container);
    if (!known || known->state != instance_state::up) co_return;
    const auto instance = *known;
    auto seen = co_await look_at(p, instance.container);
    if (!seen) {
        p.log.warn("the engine cannot be asked", {{"instance", instance.name}, {"reason", seen.error().message}});
        co_return;
    }
    if (*seen && (*seen)->state == instance_state::up) co_return;
    const auto how = how_it_ended(*seen ? &**seen : nullptr);
    co_await instance_failed(p, instance, how);
}

task<bool> is_exclusive(parts& p, app_id id, const observed_instance& i) {
    const auto r = co_await p.db.read(
        [&p, id, version = i.release](SQLite::Database& db) { return store::find_release(db, p.box, id, version); });
    if (!r) co_return false;
    co_return co_await stops_first(p, *r, i.process);
}

// Containers of ours that run and that nobody here started. Twice seen: one may just be on its way to us.
task<> stop_strays(parts& p, const std::vector<observed_instance>& there) {
    std::set<std::string> seen;
    for (const auto& i : there) {
        if (i.state != instance_state::up || p.running.find(i.container)) continue;
        seen.insert(i.container);
        if (!p.strays.contains(i.container)) continue;
        p.log.warn("a stray instance is stopped", {{"app", i.app}, {"instance", i.name}, {"container", i.container}});
        (void)co_await p.cluster.stop(i, seconds(10));
    }
    p.strays = std::move(seen);
}

// Paused by hand: it is up, and does nothing. One that its sleep froze is left alone.
bool hangs(const parts& p, const observed_instance& i) {
    const auto* known = p.running.find(i.container);
    const auto* e = p.sleep.find(i.app);
    return i.frozen && known && known->state == instance_state::up && !p.jobs.busy(i.app) && !p.sleep.sleeps(i.app) &&
           !(e && e->changing);
}

task<> thaw_hanging(parts& p, std::vector<observed_instance> there) {
    for (const auto& i : there) {
        if (!hangs(p, i)) continue;
        // Nobody freezes it meanwhile.
        if (p.sleep.find(i.app)) p.sleep.of(i.app).changing = true;
        auto thawed = co_await p.cluster.thaw(i);
        if (p.sleep.find(i.app)) p.sleep.of(i.app).changing = false;
        const std::string reason = thawed ? "" : thawed.error().message;
        p.log.warn("an instance was paused by hand", {{"app", i.app}, {"instance", i.name}, {"not_thawed", reason}});
        if (!thawed) continue;
        const auto a = co_await p.db.read([&](SQLite::Database& db) { return store::find_app(db, i.app); });
        if (a) co_await note(p, a->id, i.name + " was paused by hand and runs again");
    }
}

task<> look_once(parts& p) {
    co_await look_at_services(p);
    auto looked = co_await look_around(p);
    if (!looked) p.log.warn("the engine cannot be asked", {{"reason", looked.error().message}});
}

task<> look_often(parts& p) {
    co_await sleep_until(deadline::after(look_again));
    auto turn = [&p] { return look_once(p); };
    co_await repeat(p.log, "look around", look_again, std::move(turn));
}

// Its networks and rules may be gone with it.
task<> engine_returned(parts& p) {
    auto connected = co_await p.cluster.connect(deadline::after(seconds(30)));
    if (!connected) p.log.error("the engine is back, but not of use", {{"reason", connected.error().message}});
    ++p.engine_returns;
    co_await look_at_services(p);
    auto looked = co_await look_around(p);
    if (!looked) p.log.warn("the engine cannot be asked", {{"reason", looked.error().message}});
}

}  // namespace

bool has_crashed(const parts::restart_state& r, int release) {
    return r.in_row >= crashed_after && r.release == release && !r.no_room && !was_calm(r);
}

milliseconds back_off(int ends_in_a_row, double by_chance) {
    if (ends_in_a_row <= 0) return milliseconds(0);
    const auto doubled = milliseconds(1000) * (1 << std::min(ends_in_a_row - 1, 9));
    const auto varied = std::chrono::duration_cast<milliseconds>(doubled * (0.8 + 0.4 * by_chance));
    return std::clamp<milliseconds>(varied, seconds(1), std::chrono::minutes(5));
}

task<> instance_failed(parts& p, observed_instance instance, std::string how) {
    const auto* known = p.running.find(instance.container);
    if (!known || known->state != instance_state::up) co_return;
    p.running.mark(instance.container, instance_state::crashed);
    // Nobody starts the next one beside it while it may still run.
    std::vector<start_book::hold> ours;
    ours.push_back(p.starts.take(instance.app, instance.name));
    co_await publish(p);
    const auto a = co_await p.db.read([&](SQLite::Database& db) { return store::find_app(db, instance.app); });
    if (!a) co_return;
    const int ends = count_end(p, key_of(instance.app, instance.name), instance.release);
    p.log.warn("an instance ended", {{"app", instance.app}, {"instance", instance.name}, {"how", how}});
    co_await note(p, a->id, instance.name + " " + how + said_when_crashed(instance.name, ends));
    co_await record_crash(p, a->name, instance.name + " " + how, ends);
    if (co_await is_exclusive(p, a->id, instance)) {
        ours.push_back(p.starts.take(instance.app, instance.process));
        (void)co_await stop_instance(p, instance, p.settings.stop_grace);
        p.running.remove(instance.container);
    }
    ours.clear();
    auto agreed = co_await reconcile(p, a->id, p.settings.drain);
    if (!agreed) p.log.warn("not reconciled", {{"app", instance.app}, {"reason", agreed.error().message}});
}

task<result<>> reconcile(parts& p, app_id id, milliseconds drain) {
    const auto s = co_await load(p, id);
    if (!s.a) co_return result<>();
    if (p.sleep.hides(s.a->name)) co_return result<>();  // what is frozen is as it should be
    const bool runs = s.runs() && !p.sleep.sleeps(s.a->name);
    const auto wanted = runs ? s.a->wanted : formation{};
    const auto processes = runs ? s.r->processes : process_types{};
    auto observed = p.running.of(s.a->name);
    std::erase_if(observed, [](const auto& i) { return i.state == instance_state::stopping; });
    auto todo = make_plan(wanted, processes, s.r ? s.r->version : 0, observed);
    for (const auto& [name, process] : todo.start) {
        auto& r = p.restarts[key_of(s.a->name, name)];
        if (r.pending) continue;
        r.pending = true;
        p.background.spawn("restart", restart(p, id, s.a->name, {name, process}));
    }
    // What a running job starts is the job's own, and what it replaces it stops itself.
    if (!p.jobs.busy(s.a->name)) retire(p, std::move(todo.stop), drain);
    co_await publish(p);
    co_return result<>();
}

task<result<>> look_around(parts& p) {
    auto there = co_await p.cluster.list();
    if (!there) co_return there.error();
    for (const auto& known : p.running.all()) {
        if (known.state != instance_state::up) continue;
        const auto seen =
            std::find_if(there->begin(), there->end(), [&](const auto& i) { return i.container == known.container; });
        if (seen != there->end() && seen->state == instance_state::up) continue;
        const auto how = how_it_ended(seen == there->end() ? nullptr : &*seen);
        co_await instance_failed(p, known, how);
    }
    co_await thaw_hanging(p, *there);
    co_await stop_strays(p, *there);
    co_await p.spares.drop_dead();
    const auto apps = co_await p.db.read([](SQLite::Database& db) { return store::all_apps(db); });
    for (const auto& a : apps)
        if (!p.jobs.busy(a.name)) (void)co_await reconcile(p, a.id, p.settings.drain);
    co_return result<>();
}

task<> supervise(parts& p) {
    std::function<void(std::string)> on_change = [&p](const std::string& container) {
        if (container.empty())
            p.background.spawn("engine returned", engine_returned(p));
        else if (p.running.find(container))
            p.background.spawn("instance ended", handle_end(p, container));
        else
            service_changed(p, container);
    };
    p.background.spawn("look around", look_often(p));
    co_await p.cluster.watch(std::move(on_change));
}

}  // namespace gasper::control
