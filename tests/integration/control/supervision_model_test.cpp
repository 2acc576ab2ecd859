// Supervision in random sequences of what people, processes, the engine and this program's own end do: whatever comes,
// what is wanted runs in the end, an exclusive type never runs twice, and nothing healthy is touched without a reason.
#include <gtest/gtest.h>

#include <random>

#include "control/supervision.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class supervision_model_test : public testing::TestWithParam<unsigned> {
 protected:
    void SetUp() override {
        start();
        process_settings alone;
        alone.exclusive = true;
        world->store([&](SQLite::Database& db) {
            const auto id = store::add_app(db, "hello", world->who().id);
            auto r = store::add_release(db, world->box(),
                                        {.app = id,
                                         .description = "Deploy",
                                         .user = "ann",
                                         .code = {"", "stack"},
                                         .processes = {{"web", "serve"}, {"worker", "work"}},
                                         .set = {{"worker", alone}}});
            store::make_current(db, r, "static", {{"web", 1}, {"worker", 1}});
        });
        recover();
    }
    void start() {
        world = std::make_unique<test::control_world>(dir.path(), cluster);
        world->scope().spawn("run", world->platform().run());
    }
    void recover() {
        ASSERT_TRUE(world->settle(world->platform().recover()));
        ASSERT_TRUE(world->until([&] { return cluster.watched(); }));
    }

    std::size_t roll(std::size_t n) { return dice() % n; }

    bool is_current(const runtime::observed_instance& i) const { return i.release == version; }
    /// Names that run of the current release, in order, or nothing while something else is there too.
    std::vector<std::string> running() {
        std::vector<std::string> names;
        for (const auto& [id, i] : cluster.containers) {
            if (i.state != instance_state::up || !is_current(i)) return {};
            names.push_back(i.name);
        }
        std::sort(names.begin(), names.end());
        return names;
    }
    std::vector<std::string> wanted_names() const {
        std::vector<std::string> names;
        for (const auto& [process, quantity] : wanted)
            for (int n = 1; n <= quantity; ++n)
                names.push_back(process + "." + std::to_string(n));
        return names;
    }
    void watch_exclusive() {
        int up = 0;
        for (const auto& [id, i] : cluster.containers)
            up += i.process == "worker" && i.state == instance_state::up;
        EXPECT_LE(up, 1) << "two workers at a time";
    }
    bool converges() {
        const bool done = world->until([&] {
            watch_exclusive();
            const auto& p = world->platform().shared();
            return !world->jobs().busy("hello") && running() == wanted_names() &&
                   world->routed("hello").size() == static_cast<std::size_t>(wanted["web"]) &&
                   std::none_of(p.restarts.begin(), p.restarts.end(), [](const auto& r) { return r.second.pending; });
        });
        world->platform().shared().restarts.clear();  // a calm time passes: the next end is no second in a row
        return done;
    }

    std::string state() {
        const auto& p = world->platform().shared();
        std::string text = "wanted:";
        for (const auto& name : wanted_names())
            text += " " + name;
        for (const auto& [id, i] : cluster.containers)
            text += "\nengine: " + id + " " + i.name + " v" + std::to_string(i.release) + " " +
                    std::string(to_string(i.state));
        for (const auto& i : p.running.all())
            text += "\nknown: " + i.container + " " + i.name + " v" + std::to_string(i.release) + " " +
                    std::string(to_string(i.state));
        for (const auto& [key, r] : p.restarts)
            if (r.pending) text += "\nrestarting: " + key;
        return text + "\nrouted: " + std::to_string(world->routed("hello").size());
    }

    std::set<std::string> healthy() const {
        std::set<std::string> ids;
        for (const auto& [id, i] : cluster.containers)
            if (i.state == instance_state::up) ids.insert(id);
        return ids;
    }
    std::string any_container() {
        auto at = cluster.containers.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(roll(cluster.containers.size())));
        return at->first;
    }
    void crash() {
        if (cluster.containers.empty()) return;
        const auto id = any_container();
        untouched.erase(id);
        cluster.crash(id, 1);
    }
    void vanish() {
        if (cluster.containers.empty()) return;
        const auto id = any_container();
        untouched.erase(id);
        cluster.containers.erase(id);
        look();
    }
    // Somebody starts a container of ours by hand; seen twice it is no coincidence.
    void stray() {
        auto i = runtime::observed_instance{.container = "stray" + std::to_string(++strays),
                                            .app = "hello",
                                            .name = "web." + std::to_string(1 + roll(5)),
                                            .process = "web",
                                            .release = 1,
                                            .address = "10.9.0.1",
                                            .port = 5000,
                                            .state = instance_state::up};
        cluster.containers[i.container] = i;
        look();
        look();
    }
    void look() { ASSERT_TRUE(world->settle(control::look_around(world->platform().shared()))); }
    void restart() {
        world.reset();
        start();
        recover();
    }
    void finish(const result<job_id>& id) {
        ASSERT_TRUE(id) << id.error().message;
        job_state state = job_state::waiting;
        ASSERT_TRUE(world->until([&] {
            watch_exclusive();
            return !world->jobs().busy("hello");
        }));
        state = world->finish(*id);
        ASSERT_EQ(state, job_state::succeeded);
    }
    void scale() {
        const formation next{{"web", static_cast<int>(1 + roll(3))}, {"worker", static_cast<int>(roll(2))}};
        for (const auto& [id, i] : cluster.containers)
            if (std::stoi(i.name.substr(i.name.find('.') + 1)) > next.at(i.process)) untouched.erase(id);
        finish(world->settle(world->platform().formations().scale(world->who(), "hello", next)));
        wanted = next;
    }
    void release() {
        untouched.clear();
        finish(world->settle(
            world->platform().apps().set_config(world->who(), "hello", {{"N", std::to_string(++changes)}})));
        ++version;
    }
    void act() {
        const auto what = roll(8);
        static const char* const names[] = {"crash", "crash", "vanish", "stray", "restart", "scale", "release", "look"};
        told += std::string(names[what]) + " ";
        switch (what) {
            case 0:
            case 1:
                return crash();
            case 2:
                return vanish();
            case 3:
                return stray();
            case 4:
                return restart();
            case 5:
                return scale();
            case 6:
                return release();
            default:
                return look();
        }
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    std::unique_ptr<test::control_world> world;
    std::mt19937 dice{GetParam()};
    formation wanted{{"web", 1}, {"worker", 1}};
    std::set<std::string> untouched;  // healthy and wanted: nothing that happens is a reason to end them
    int version{1}, changes{0}, strays{0};
    std::string told;  // what happened in this step
};

TEST_P(supervision_model_test, whatever_happens_what_is_wanted_runs) {
    ASSERT_TRUE(converges());
    const auto enough = deadline::after(std::chrono::seconds(2));
    for (int step = 0; step < 30 && !enough.expired(); ++step) {
        untouched = healthy();
        for (auto n = 1 + roll(2); n > 0; --n) {
            act();
            if (HasFatalFailure()) return;
            auto handlers = roll(40);  // so far what began has come when the next thing happens
            world->until([&] { return handlers-- == 0; });
        }
        ASSERT_TRUE(converges()) << "step " << step << ": " << told << "\n" << state();
        told.clear();
        for (const auto& id : untouched)
            ASSERT_TRUE(cluster.containers.contains(id)) << id << " was healthy and wanted; step " << step;
    }
}

INSTANTIATE_TEST_SUITE_P(seeds, supervision_model_test, testing::Values(1u, 2u, 3u, 4u));

}  // namespace
}  // namespace gasper
