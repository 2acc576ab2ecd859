#include "control/recovery.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "control/backups/backup_clock.hpp"
#include "control/formation.hpp"
#include "control/git.hpp"
#include "control/health.hpp"
#include "control/services/watching.hpp"
#include "control/sleep.hpp"
#include "control/supervision.hpp"
#include "control/switch.hpp"
#include "core/store/apps.hpp"
#include "core/store/jobs.hpp"

namespace gasper::control {

namespace {

constexpr std::string_view interrupted_reason = "the server was restarted while this ran; nothing changed, do it again";

// The commit point is the store's: a deploy whose release is current happened, and only its ref may lack.
task<> settle_deploy(parts& p, const job& j) {
    const auto input = nlohmann::json::parse(j.input);
    const auto commit = input.at("new").get<std::string>();
    const auto serving = co_await p.db.read([&](SQLite::Database& db) -> std::optional<release> {
        const auto a = store::find_app(db, j.key);
        return a ? store::find_release(db, p.box, a->current) : std::nullopt;
    });
    const bool live = serving && serving->commit == commit && serving->created >= j.created;
    if (!live) {
        co_await p.jobs.settle(j.id, job_state::failed, std::string(interrupted_reason));
        co_return;
    }
    auto moved = co_await p.files.run([&]() -> result<> {
        const auto at = repository_of(p, j.key);
        const auto ref = input.at("ref").get<std::string>();
        if (auto target = ref_target(at, ref); target && *target == commit) return {};
        return move_ref(at, ref, input.at("old").get<std::string>(), commit);
    });
    // Named: GCC 12 destroys a conditional expression's temporary twice when it is an argument inside co_await.
    const auto state = moved ? job_state::succeeded : job_state::failed;
    const auto reason = moved ? std::string() : moved.error().message;
    co_await p.jobs.settle(j.id, state, reason);
}

// Did the release that a job began become current? Jobs of an app run one after the other: what is younger than its
// step is its own.
task<bool> has_released(parts& p, const job& j) {
    if (j.state != job_state::running || j.step != "publish") co_return false;
    co_return co_await p.db.read([&](SQLite::Database& db) {
        const auto a = store::find_app(db, j.key);
        const auto serving = a ? store::find_release(db, p.box, a->current) : std::nullopt;
        const auto steps = store::steps_of(db, j.id);
        return serving && !steps.empty() && steps.front().name == "release" && serving->created >= steps.front().begun;
    });
}

task<> settle_other(parts& p, const job& j) {
    if (co_await has_released(p, j)) {
        co_await p.jobs.settle(j.id, job_state::succeeded, "");
        co_return;
    }
    std::string reason(interrupted_reason);
    if (j.kind == "run" || j.kind == "cron") reason = "the server was restarted while this ran, and ended it";
    co_await p.jobs.settle(j.id, job_state::failed, reason);
}

task<> settle_jobs(parts& p) {
    for (const auto& j : co_await p.jobs.interrupted()) {
        if (j.kind == "deploy")
            co_await settle_deploy(p, j);
        else
            co_await settle_other(p, j);
        p.log.info("an interrupted job was settled", {{"job", j.id.value}, {"kind", j.kind}, {"app", j.key}});
    }
    co_await p.db.transaction([](SQLite::Database& db) { store::fail_pending(db, std::string(interrupted_reason)); });
}

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

// Instances whose app is gone from the store, and directories of builds that never became a release.
task<> clean_up(parts& p) {
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
    auto swept = co_await p.cluster.sweep(p.running.containers());
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

// Instances of a release that was being started when this program ended: no request ever reached them.
task<std::vector<runtime::observed_instance>> never_served(parts& p, const app& a) {
    auto instances = p.running.of(a.name);
    co_await p.db.read([&](SQLite::Database& db) {
        std::erase_if(instances, [&](const auto& i) {
            const auto r = store::find_release(db, p.box, a.id, i.release);
            return r && r->state == release_state::succeeded;
        });
    });
    co_return instances;
}

// Those that serve are looked at again from now on.
task<> watch_all(parts& p, const app& a) {
    const auto r = co_await p.db.read([&](SQLite::Database& db) { return store::find_release(db, p.box, a.current); });
    if (!r) co_return;
    for (const auto& i : p.running.of(a.name, r->version))
        if (i.state == instance_state::up) watch_health(p, i.container, rules_for(p, *r, i.process).health);
}

// Everything agrees within ten seconds of a start: what served before us gets half of that.
task<> reconcile_all(parts& p) {
    const auto drain = std::min<std::chrono::milliseconds>(p.settings.drain, std::chrono::seconds(5));
    const auto apps = co_await p.db.read([](SQLite::Database& db) { return store::all_apps(db); });
    for (const auto& a : apps) {
        co_await watch_all(p, a);
        auto leftovers = co_await never_served(p, a);
        co_await discard(p, std::move(leftovers));
        auto agreed = co_await reconcile(p, a.id, drain);
        if (!agreed) p.log.error("not reconciled", {{"app", a.name}, {"reason", agreed.error().message}});
    }
}

}  // namespace

task<result<>> recover(parts& p) {
    auto observed = co_await observe(p);
    if (!observed) co_return observed.error();
    co_await settle_jobs(p);
    if (auto services = co_await recover_services(p); !services) co_return services;
    co_await recover_backups(p);
    co_await recover_sleep(p);
    co_await publish(p);
    co_await begin_logs(p);
    co_await clean_up(p);
    // In the background: an app that does not start must not keep the doors shut.
    p.background.spawn("reconcile", reconcile_all(p));
    co_return result<>();
}

}  // namespace gasper::control
