#include "control/sleep.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "control/formation.hpp"
#include "control/supervision.hpp"
#include "control/switch.hpp"
#include "core/base/rounds.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

using runtime::observed_instance;
using std::chrono::milliseconds;
using std::chrono::seconds;
using store::sleep_stage;

constexpr auto quiet_time = seconds(5);  // for requests that came while the app was taken off the route
constexpr auto blind_time = seconds(1);  // nobody knows whether it is idle: it stays awake
constexpr auto look_for_idle = seconds(1);

// Kept in a map that a destroyed app leaves: looked up anew after every await.
sleep_book::entry& entry_of(parts& p, const std::string& app) {
    return p.sleep.of(app);
}

std::vector<observed_instance> up_instances(const parts& p, const std::string& app) {
    auto instances = p.running.of(app);
    std::erase_if(instances, [](const auto& i) { return i.state != instance_state::up; });
    return instances;
}

task<> set_stage(parts& p, app_id id, std::string app, sleep_stage stage) {
    auto& e = entry_of(p, app);
    e.stage = stage;
    e.since = deadline::clock::now();
    co_await p.db.transaction([id, stage](SQLite::Database& db) {
        if (store::find_app(db, id)) store::set_sleep_stage(db, id, stage);
    });
}

task<bool> thaw_all(parts& p, std::string app) {
    bool all = true;
    for (const auto& i : up_instances(p, app)) {
        auto thawed = co_await p.cluster.thaw(i);
        if (thawed) continue;
        all = false;
        p.log.warn("an instance does not thaw",
                   {{"app", app}, {"instance", i.name}, {"reason", thawed.error().message}});
    }
    co_return all;
}

task<bool> freeze_all(parts& p, std::string app) {
    for (const auto& i : up_instances(p, app)) {
        auto frozen = co_await p.cluster.freeze(i);
        if (frozen) continue;
        p.log.warn("an instance does not freeze",
                   {{"app", app}, {"instance", i.name}, {"reason", frozen.error().message}});
        co_return false;
    }
    co_return true;
}

// No request is left that began before the app was taken off the route, and nobody has asked for it since.
task<bool> is_quiet(parts& p, std::string app) {
    const auto until = deadline::after(quiet_time);
    for (const auto& i : up_instances(p, app)) {
        if (i.port == 0) continue;
        const routed_instance web{.name = i.name, .address = i.address, .port = i.port};
        const auto at = address_text(web);
        const bool drained = co_await p.tables.drained("router", at, blind_time, until);
        if (!drained) co_return false;
    }
    const auto& e = entry_of(p, app);
    co_return !e.asked && e.people == 0 && !p.jobs.busy(app);
}

void show(parts& p, const std::string& app) {
    auto& e = entry_of(p, app);
    e.hidden = false;
    e.rising = up_instances(p, app).empty();
}

// In this order: once it is published nothing new reaches the app; what the store says is what a restart goes by.
task<> fall_asleep(parts& p, app_id id, std::string app, seconds idle) {
    entry_of(p, app).hidden = true;
    co_await publish_and_wait(p);
    bool asleep = co_await is_quiet(p, app);
    if (asleep) {
        co_await set_stage(p, id, app, sleep_stage::frozen);
        asleep = co_await freeze_all(p, app);
        if (!asleep) {
            (void)co_await thaw_all(p, app);
            co_await set_stage(p, id, app, sleep_stage::awake);
        }
    }
    if (!asleep) {
        show(p, app);
        co_await publish(p);
        co_return;
    }
    p.log.info("an app fell asleep", {{"app", app}, {"idle_s", idle.count()}});
    co_await note(p, id, fmt::format("Fell asleep after {} s without a request", idle.count()));
}

task<> wake_frozen(parts& p, app_id id, std::string app) {
    (void)co_await thaw_all(p, app);
    entry_of(p, app).stage = sleep_stage::awake;
    show(p, app);
    co_await publish(p);  // requests wait for this; the store can be told after it
    co_await set_stage(p, id, app, sleep_stage::awake);
}

task<> wake_stopped(parts& p, app_id id, std::string app) {
    show(p, app);  // at no moment is it neither asleep nor rising: its sandbox stays for it
    co_await set_stage(p, id, app, sleep_stage::awake);
}

task<> wake_up(parts& p, app_id id, std::string app) {
    const auto began = deadline::clock::now();
    const auto from = p.sleep.stage(app);
    auto woken = from == sleep_stage::frozen ? wake_frozen(p, id, app) : wake_stopped(p, id, app);
    co_await std::move(woken);
    auto agreed = co_await reconcile(p, id, milliseconds(0));
    if (!agreed) p.log.warn("an app does not wake up", {{"app", app}, {"reason", agreed.error().message}});
    const auto took = std::chrono::duration_cast<milliseconds>(deadline::clock::now() - began);
    p.log.info("an app woke up", {{"app", app}, {"ms", took.count()}});
    co_await note(p, id, "Woken by a request");
}

task<> stop_sleeper(parts& p, app_id id, std::string app) {
    co_await set_stage(p, id, app, sleep_stage::stopped);
    (void)co_await thaw_all(p, app);  // to hear SIGTERM
    retire(p, up_instances(p, app), milliseconds(0));
    entry_of(p, app).hidden = false;
    co_await publish(p);
    p.log.info("a sleeping app was stopped", {{"app", app}});
    co_await note(p, id, "Stopped after a long sleep; the next request starts it");
}

// One change of an app's stage at a time; a request that comes meanwhile is answered after it.
task<> change_stage(parts& p, app_id id, std::string app, task<> change) {
    std::exception_ptr fault;
    try {
        co_await std::move(change);
    } catch (...) {
        fault = std::current_exception();
    }
    auto& e = entry_of(p, app);
    e.changing = false;
    const bool asked = std::exchange(e.asked, false);
    if (fault) std::rethrow_exception(fault);
    if (!asked || !p.sleep.sleeps(app)) co_return;
    e.changing = true;
    auto woken = wake_up(p, id, app);
    p.background.spawn("wake up", change_stage(p, id, app, std::move(woken)));
}

task<> hear_idle(parts& p, std::string app, milliseconds idle) {
    const auto [a, set] = co_await p.db.read([&](SQLite::Database& db) {
        auto found = store::find_app(db, app);
        auto how = found ? store::routing_of(db, found->id) : store::routing();
        return std::pair(std::move(found), std::move(how));
    });
    if (!a || !a->current || set.sleep_after == seconds(0) || idle < set.sleep_after) co_return;
    auto& e = entry_of(p, app);
    if (e.people > 0 || deadline::clock::now() - e.left < set.sleep_after) co_return;
    if (e.changing || p.sleep.sleeps(app) || p.jobs.busy(app) || up_instances(p, app).empty()) co_return;
    e.changing = true;
    e.asked = false;
    e.stop_after = set.stop_after;
    auto falling = fall_asleep(p, a->id, app, std::chrono::duration_cast<seconds>(idle));
    co_await change_stage(p, a->id, app, std::move(falling));
}

task<> hear_wake(parts& p, std::string app) {
    const auto a = co_await p.db.read([&](SQLite::Database& db) { return store::find_app(db, app); });
    if (!a) co_return;
    auto& e = entry_of(p, app);
    if (e.changing) {
        e.asked = true;
        co_return;
    }
    if (!p.sleep.sleeps(app)) co_return;
    e.changing = true;
    auto woken = wake_up(p, a->id, app);
    co_await change_stage(p, a->id, app, std::move(woken));
}

// Returns with the right to change the stage.
task<> take_turn(parts& p, std::string app) {
    const auto patience = deadline::after(seconds(60));
    while (entry_of(p, app).changing && !patience.expired())
        co_await sleep_until(deadline::after(milliseconds(10)));
    entry_of(p, app).changing = true;
}

// One that does not start in the time that its web has for it: that is no sleep any more.
task<> look_at_rising(parts& p, std::string app, sleep_book::entry seen) {
    const auto r = co_await p.db.read([&](SQLite::Database& db) -> std::optional<release> {
        const auto a = store::find_app(db, app);
        return a ? store::find_release(db, p.box, a->current) : std::nullopt;
    });
    if (!r || deadline::clock::now() - seen.since <= rules_for(p, *r, "web").health.start_deadline) co_return;
    const auto* e = p.sleep.find(app);
    if (!e || !e->rising || e->since != seen.since) co_return;
    entry_of(p, app).rising = false;
    co_await publish(p);
}

task<> look_at_sleepers(parts& p) {
    const auto now = deadline::clock::now();
    const auto all = p.sleep.all();
    for (const auto& [app, e] : all) {
        if (e.rising) co_await look_at_rising(p, app, e);
        const bool long_asleep = e.stage == sleep_stage::frozen && now - e.since >= e.stop_after;
        if (!long_asleep || entry_of(p, app).changing) continue;
        const auto& name = app;  // clang 14 does not capture what is bound with others
        const auto a = co_await p.db.read([&](SQLite::Database& db) { return store::find_app(db, name); });
        if (!a || entry_of(p, app).changing || p.sleep.stage(app) != sleep_stage::frozen) continue;
        entry_of(p, app).changing = true;
        auto stopping = stop_sleeper(p, a->id, app);
        co_await change_stage(p, a->id, app, std::move(stopping));
    }
}

}  // namespace

report_handlers sleep_reports(parts& p) {
    return {.wake = [&p](const auto& app) { p.background.spawn("wake", hear_wake(p, app)); },
            .idle = [&p](const auto& app, auto idle) { p.background.spawn("idle", hear_idle(p, app, idle)); },
            .traffic = {}};
}

task<> recover_sleep(parts& p) {
    const auto set = co_await p.db.read([](SQLite::Database& db) { return store::all_routing(db); });
    for (const auto& [app, r] : set) {
        if (r.stage == sleep_stage::awake) continue;
        auto& e = p.sleep.of(app);
        e.stage = r.stage;
        e.hidden = r.stage == sleep_stage::frozen;
        e.stop_after = r.stop_after;
        e.since = deadline::clock::now() - std::max(milliseconds(0), now() - r.stage_since);
    }
    for (const auto& container : p.running.containers()) {
        const auto* known = p.running.find(container);
        if (!known || known->container != container || known->state != instance_state::up) continue;
        const auto i = *known;
        const bool frozen = p.sleep.stage(i.app) == sleep_stage::frozen;
        if (frozen == i.frozen) continue;
        auto brought = frozen ? p.cluster.freeze(i) : p.cluster.thaw(i);
        auto done = co_await std::move(brought);
        if (!done) p.log.warn("an instance keeps its sleep", {{"app", i.app}, {"reason", done.error().message}});
    }
}

task<> watch_sleepers(parts& p) {
    auto turn = [&p] { return look_at_sleepers(p); };
    co_await repeat(p.log, "sleepers", look_for_idle, std::move(turn));
}

task<> rouse(parts& p, app_id id, std::string app) {
    if (!p.sleep.find(app)) co_return;
    co_await take_turn(p, app);
    const auto from = p.sleep.stage(app);
    if (from != sleep_stage::awake) {
        auto woken = from == sleep_stage::frozen ? wake_frozen(p, id, app) : wake_stopped(p, id, app);
        co_await std::move(woken);
        co_await publish(p);
    }
    entry_of(p, app).changing = false;
    entry_of(p, app).asked = false;
}

}  // namespace gasper::control
