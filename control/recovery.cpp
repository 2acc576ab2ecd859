#include "control/recovery.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "control/backups/backup_clock.hpp"
#include "control/formation.hpp"
#include "control/health.hpp"
#include "control/job_kinds.hpp"
#include "control/one_off_jobs.hpp"
#include "control/services/watching.hpp"
#include "control/sleep.hpp"
#include "control/sleep_sandboxes.hpp"
#include "control/supervision.hpp"
#include "control/switch.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

task<result<>> observe(parts& p) {
    auto there = co_await p.cluster.list();
    if (!there) co_return there.error();
    p.running = fleet{};
    for (auto& i : *there) {
        // Created and never started: whoever was starting it is gone.
        if (i.state == instance_state::starting) i.state = instance_state::crashed;
        p.running.add(i);
    }
    co_return result<>();
}

struct serving {
    release r;
    bool runs{false};
};

// The last table named who was ready. Who is not in it may have become ready since; nobody waited for it.
task<bool> is_ready(parts& p, const serving& s, const runtime::observed_instance& i) {
    if (i.state != instance_state::up || i.port == 0 || i.release != s.r.version || !p.tables.current()) co_return true;
    for (const auto& r : p.tables.current()->routes)
        for (const auto& named : r.instances)
            if (r.app == i.app && named.address == i.address && named.port == i.port) co_return true;
    auto how = rules_for(p, s.r, i.process).health;
    const auto until = deadline::after(std::min<std::chrono::milliseconds>(how.timeout, std::chrono::seconds(2)));
    auto well = co_await p.cluster.check(i, std::move(how), until);
    co_return well.has_value();
}

// What nobody waits for any more is not ours, and swept: instances of a release that never served, and those that are
// not ready. What is too much had its time to serve, and is retired.
task<> disown(parts& p, const app& a, std::chrono::milliseconds drain) {
    const auto current =
        co_await p.db.read([&](SQLite::Database& db) { return store::find_release(db, p.box, a.current); });
    serving s{.r = current.value_or(release{})};
    s.runs = !s.r.code.image.empty() && !a.stopped && !p.sleep.sleeps(a.name);
    const bool hidden = p.sleep.hides(a.name);
    for (const auto& i : p.running.of(a.name)) {
        const auto of =
            co_await p.db.read([&](SQLite::Database& db) { return store::find_release(db, p.box, a.id, i.release); });
        bool ours = of && of->state == release_state::succeeded;
        if (ours && s.runs && !hidden) ours = co_await is_ready(p, s, i);
        if (!ours) p.running.remove(i.container);
    }
    if (hidden) co_return;  // what is frozen is as it should be
    const auto wanted = s.runs ? a.wanted : formation{};
    const auto processes = s.runs ? s.r.processes : process_types{};
    auto todo = make_plan(wanted, processes, s.r.version, p.running.of(a.name));
    retire(p, std::move(todo.stop), drain);
}

// What served before us gets half of the ten seconds in which everything agrees.
task<> disown_all(parts& p) {
    const auto drain = std::min<std::chrono::milliseconds>(p.settings.drain, std::chrono::seconds(5));
    const auto apps = co_await p.db.read([](SQLite::Database& db) { return store::all_apps(db); });
    for (const auto& a : apps)
        co_await disown(p, a, drain);
}

// The containers of one-offs whose jobs go on.
task<std::vector<std::string>> kept_containers(parts& p, const std::vector<job>& going_on) {
    std::vector<std::string> ids;
    auto runs = co_await p.cluster.kept_runs();
    if (!runs) {
        p.log.warn("one-offs cannot be listed", {{"reason", runs.error().message}});
        co_return ids;
    }
    for (const auto& r : *runs)
        if (std::any_of(going_on.begin(), going_on.end(), [&](const job& j) { return kept_name(j.id) == r.name; }))
            ids.push_back(r.container);
    co_return ids;
}

// Instances whose app is gone from the store, and directories of builds that never became a release.
task<> clean_up(parts& p, std::vector<std::string> keep) {
    const auto apps = co_await p.db.read([](SQLite::Database& db) { return store::all_apps(db); });
    std::set<std::string> known;
    for (const auto& a : apps)
        known.insert(a.name);
    for (const auto& container : p.running.containers())
        if (const auto* i = p.running.find(container); i && !known.contains(i->app)) {
            const auto app = i->app;
            p.running.forget_app(app);
            (void)co_await p.cluster.remove_app(app);
        }
    for (auto& id : p.running.containers())
        keep.push_back(std::move(id));
    for (auto& id : p.spares.containers())
        keep.push_back(std::move(id));
    auto swept = co_await p.cluster.sweep(std::move(keep));
    if (!swept) p.log.warn("leftovers were not swept", {{"reason", swept.error().message}});
    const auto builds = co_await p.db.read([](SQLite::Database& db) { return store::build_directories(db); });
    co_await p.files.run([&] {
        const auto home = p.settings.data / "apps", repos = p.settings.data / "repos";
        std::error_code ignored;
        for (const auto& app : std::filesystem::directory_iterator(home, ignored)) {
            if (!known.contains(app.path().filename())) std::filesystem::remove_all(app.path(), ignored);
            for (const auto& b : std::filesystem::directory_iterator(app.path() / "builds", ignored))
                if (!builds.contains(b.path().string())) std::filesystem::remove_all(b.path(), ignored);
        }
        for (const auto& repo : std::filesystem::directory_iterator(repos, ignored))
            if (!known.contains(repo.path().stem())) std::filesystem::remove_all(repo.path(), ignored);
    });
}

// Those that serve are looked at again from now on.
task<> watch_all(parts& p, const app& a) {
    const auto r = co_await p.db.read([&](SQLite::Database& db) { return store::find_release(db, p.box, a.current); });
    if (!r) co_return;
    for (const auto& i : p.running.of(a.name, r->version))
        if (i.state == instance_state::up) watch_health(p, i.container, rules_for(p, *r, i.process).health);
}

task<> reconcile_all(parts& p) {
    const auto drain = std::min<std::chrono::milliseconds>(p.settings.drain, std::chrono::seconds(5));
    const auto apps = co_await p.db.read([](SQLite::Database& db) { return store::all_apps(db); });
    for (const auto& a : apps) {
        co_await watch_all(p, a);
        auto agreed = co_await reconcile(p, a.id, drain);
        if (!agreed) p.log.error("not reconciled", {{"app", a.name}, {"reason", agreed.error().message}});
    }
}

}  // namespace

task<result<>> recover(parts& p) {
    auto observed = co_await observe(p);
    if (!observed) co_return observed.error();
    auto said = co_await p.db.read([](SQLite::Database& db) { return store::all_node_settings(db); });
    p.machines.load(std::move(said));
    auto going_on = co_await settle_jobs(p);
    if (auto services = co_await recover_services(p, going_on); !services) co_return services;
    co_await recover_backups(p, going_on);
    co_await recover_sleep(p);
    co_await adopt_sandboxes(p);
    co_await disown_all(p);
    co_await publish(p);
    co_await begin_logs(p);
    auto kept = co_await kept_containers(p, going_on);
    co_await clean_up(p, std::move(kept));
    co_await resume_jobs(p, std::move(going_on));
    // In the background: an app that does not start must not keep the doors shut.
    p.background.spawn("reconcile", reconcile_all(p));
    co_return result<>();
}

}  // namespace gasper::control
