#include "control/recovery.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "control/git.hpp"
#include "control/switch.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

constexpr std::string_view interrupted_reason = "the server was restarted while this ran; nothing changed, do it again";

// The first restart is at once, then 1 s, 2 s … 5 min.
std::chrono::milliseconds back_off(int crashes) {
    if (crashes <= 0) return std::chrono::milliseconds(0);
    const auto doubled = std::chrono::milliseconds(1000) * (1 << std::min(crashes - 1, 9));
    return std::min<std::chrono::milliseconds>(doubled, std::chrono::minutes(5));
}

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

task<> settle_jobs(parts& p) {
    for (const auto& j : co_await p.jobs.interrupted()) {
        if (j.kind == "deploy")
            co_await settle_deploy(p, j);
        else
            co_await p.jobs.settle(j.id, job_state::failed, std::string(interrupted_reason));
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

// How often the app's instances ended lately: one that ran for a while starts the count anew.
int count_crash(parts& p, const std::string& app) {
    auto& crash = p.crashes[app];
    const auto at = deadline::clock::now();
    crash.in_row = at - crash.last > std::chrono::minutes(10) ? 1 : crash.in_row + 1;
    crash.last = at;
    return crash.in_row;
}

task<> repair(parts& p, std::string app) {
    const int before = count_crash(p, app) - 1;
    co_await sleep_until(deadline::after(back_off(before)));
    p.supervised.erase(app);
    const auto a = co_await p.db.read([&](SQLite::Database& db) { return store::find_app(db, app); });
    if (!a) co_return;
    auto done = co_await reconcile(p, a->id, p.settings.drain);
    if (done) co_return;
    p.log.warn("an app does not start", {{"app", app}, {"reason", done.error().message}});
    co_await note(p, a->id, "Restart failed: " + done.error().message);
    if (p.supervised.insert(app).second) p.background.spawn("repair", repair(p, app));
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

// Everything agrees within ten seconds of a start: what served before us gets half of that.
task<> reconcile_all(parts& p) {
    const auto drain = std::min<std::chrono::milliseconds>(p.settings.drain, std::chrono::seconds(5));
    const auto apps = co_await p.db.read([](SQLite::Database& db) { return store::all_apps(db); });
    for (const auto& a : apps) {
        auto leftovers = co_await never_served(p, a);
        co_await discard(p, std::move(leftovers));
        auto agreed = co_await reconcile(p, a.id, drain);
        if (agreed) continue;
        p.log.error("an app does not start", {{"app", a.name}, {"reason", agreed.error().message}});
        if (p.supervised.insert(a.name).second) p.background.spawn("repair", repair(p, a.name));
    }
}

using observation = std::optional<runtime::observed_instance>;

// How an instance that an event spoke of is now; none: it is gone. The engine lists a container as running for a
// moment after it said that it died: look again before believing that.
task<result<observation>> look_at(parts& p, std::string container) {
    const auto patience = deadline::after(std::chrono::seconds(2));
    for (auto pause = std::chrono::milliseconds(10);; pause *= 2) {
        auto there = co_await p.cluster.list();
        if (!there) co_return there.error();
        observation found;
        for (auto& i : *there)
            if (i.container == container) found = std::move(i);
        if (!found || found->state != instance_state::up || patience.expired()) co_return found;
        co_await sleep_until(deadline::after(pause));
    }
}

std::string how_it_ended(const observation& now_there) {
    if (!now_there) return "is gone";
    if (now_there->out_of_memory) return "was killed: out of memory";
    return "exited with status " + std::to_string(now_there->exit_code);
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
    known = p.running.find(instance.container);
    if (!known || known->state != instance_state::up) co_return;
    p.running.mark(instance.container, instance_state::crashed);
    co_await publish(p);
    const auto a = co_await p.db.read([&](SQLite::Database& db) { return store::find_app(db, instance.app); });
    if (!a) co_return;
    const auto text = instance.name + " " + how_it_ended(*seen);
    p.log.warn("an instance ended", {{"app", instance.app}, {"what", text}});
    co_await note(p, a->id, text);
    if (p.supervised.insert(instance.app).second) p.background.spawn("repair", repair(p, instance.app));
}

}  // namespace

task<result<>> recover(parts& p) {
    auto observed = co_await observe(p);
    if (!observed) co_return observed.error();
    co_await settle_jobs(p);
    co_await publish(p);
    co_await clean_up(p);
    // In the background: an app that does not start must not keep the doors shut.
    p.background.spawn("reconcile", reconcile_all(p));
    co_return result<>();
}

task<> supervise(parts& p) {
    std::function<void(std::string)> on_change = [&p](const std::string& container) {
        if (p.running.find(container)) p.background.spawn("instance ended", handle_end(p, container));
    };
    co_await p.cluster.watch(std::move(on_change));
}

}  // namespace gasper::control
