// Scale, stop, start, limits, checks, exclusive types: what runs changes as a whole or not at all.
#include <gtest/gtest.h>

#include "control/supervision.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class formations_test : public testing::Test {
 protected:
    explicit formations_test(std::chrono::milliseconds drain = std::chrono::milliseconds(0))
        : world(dir.path(), cluster, [drain](control::options& o) { o.drain = drain; }) {}

    void SetUp() override {
        world.store([&](SQLite::Database& db) {
            const auto id = store::add_app(db, "hello", world.who().id);
            auto r = store::add_release(db, world.box(),
                                        {.app = id,
                                         .commit = std::string(40, 'a'),
                                         .description = "Deploy",
                                         .user = "ann",
                                         .code = {"", "stack"},
                                         .processes = {{"web", "serve"}, {"worker", "work"}}});
            store::make_current(db, r, "static", {{"web", 1}});
            return true;
        });
        ASSERT_TRUE(world.settle(world.platform().recover()));
        ASSERT_TRUE(world.until([&] { return world.routed("hello").size() == 1; }));
    }

    control::formations& formations() { return world.platform().formations(); }

    job_state scale(formation quantities) {
        return world.finish(world.settle(formations().scale(world.who(), "hello", quantities)).value());
    }
    job_state set(const std::string& process, const process_settings& said, bool forget = false) {
        return world.finish(world.settle(formations().set(world.who(), "hello", process, said, forget)).value());
    }

    /// Names of the containers that are there, in order.
    std::vector<std::string> names() {
        std::vector<std::string> all;
        for (const auto& [id, i] : cluster.containers)
            all.push_back(i.name);
        std::sort(all.begin(), all.end());
        return all;
    }
    bool runs(std::vector<std::string> wanted) {
        return world.until([&] { return names() == wanted; });
    }
    control::process_view view(const std::string& process) {
        for (auto& v : world.settle(formations().list(world.who(), "hello")).value())
            if (v.process == process) return v;
        return {};
    }
    bool noted(const std::string& text) {
        const auto events = world.store(
            [](SQLite::Database& db) { return store::events_of(db, store::find_app(db, "hello")->id, 0, 100); });
        return std::any_of(events.begin(), events.end(),
                           [&](const auto& e) { return e.text.find(text) != std::string::npos; });
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::control_world world;
};

class long_drain_test : public formations_test {
 protected:
    long_drain_test() : formations_test(std::chrono::minutes(10)) {}
};

TEST_F(formations_test, scales_up_beside_what_runs_and_down_again) {
    const auto first = world.routed("hello").at(0);
    EXPECT_EQ(scale({{"web", 3}, {"worker", 2}}), job_state::succeeded);
    EXPECT_TRUE(runs({"web.1", "web.2", "web.3", "worker.1", "worker.2"}));
    auto routed = world.routed("hello");
    EXPECT_EQ(routed.size(), 3u);
    EXPECT_EQ(std::count(routed.begin(), routed.end(), first), 1) << "the one that ran runs on";
    EXPECT_EQ(scale({{"web", 1}, {"worker", 0}}), job_state::succeeded);
    EXPECT_TRUE(runs({"web.1"}));
    EXPECT_EQ(world.routed("hello"), std::vector{first});
}

TEST_F(formations_test, a_scale_that_fails_changes_nothing) {
    cluster.never_ready.insert("web.3");
    EXPECT_EQ(scale({{"web", 4}, {"worker", 1}}), job_state::failed);
    EXPECT_TRUE(runs({"web.1"}));
    EXPECT_EQ(world.routed("hello").size(), 1u);
    EXPECT_EQ(view("web").quantity, 1);
}

TEST_F(formations_test, refuses_what_cannot_be_scaled) {
    for (const formation& wrong : {formation{{"wörker", 1}}, formation{{"release", 1}}, formation{{"web", -1}},
                                   formation{{"web", 101}}, formation{}})
        EXPECT_FALSE(world.settle(formations().scale(world.who(), "hello", wrong)));
    EXPECT_FALSE(world.settle(formations().scale(world.who(), "other", {{"web", 1}})));
}

TEST_F(formations_test, a_stopped_app_stays_stopped_until_it_is_started) {
    EXPECT_EQ(world.finish(world.settle(formations().stop(world.who(), "hello")).value()), job_state::succeeded);
    EXPECT_TRUE(runs({}));
    EXPECT_TRUE(world.routed("hello").empty());
    ASSERT_TRUE(world.settle(control::look_around(world.platform().shared())));
    EXPECT_TRUE(runs({})) << "the reconciler starts nothing";
    EXPECT_EQ(world.settle(world.platform().apps().info(world.who(), "hello"))->state, "stopped");
    EXPECT_EQ(set("web", {.cpus = 0.5}), job_state::succeeded);
    EXPECT_TRUE(runs({})) << "a change of settings starts nothing";
    EXPECT_EQ(world.finish(world.settle(formations().start(world.who(), "hello")).value()), job_state::succeeded);
    EXPECT_TRUE(runs({"web.1"}));
    EXPECT_EQ(world.routed("hello").size(), 1u);
}

TEST_F(formations_test, limits_are_a_release_and_a_rollback_brings_them_back) {
    EXPECT_EQ(set("web", {.memory_bytes = 64ll << 20}), job_state::succeeded);
    EXPECT_EQ(view("web").rules.limit.memory_bytes, 64ll << 20);
    EXPECT_EQ(cluster.limits.at(cluster.containers.begin()->first).memory_bytes, 64ll << 20);
    const auto back = world.settle(world.platform().apps().rollback(world.who(), "hello", 1)).value();
    EXPECT_EQ(world.finish(back), job_state::succeeded);
    EXPECT_EQ(view("web").rules.limit.memory_bytes, limits{}.memory_bytes);
    EXPECT_EQ(set("web", {.cpus = 2.0}), job_state::succeeded);
    EXPECT_EQ(set("web", {}, true), job_state::succeeded);
    EXPECT_EQ(view("web").set, process_settings{});
}

TEST_F(formations_test, a_worker_that_fails_after_web_passed_leaves_the_old_formation) {
    EXPECT_EQ(scale({{"worker", 1}}), job_state::succeeded);
    const auto before = cluster.containers;
    cluster.never_ready.insert("worker.1");
    EXPECT_EQ(set("web", {.cpus = 0.5}), job_state::failed);
    EXPECT_TRUE(world.until([&] { return cluster.containers.size() == before.size(); }));
    for (const auto& [id, i] : before)
        EXPECT_TRUE(cluster.containers.contains(id)) << i.name;
    EXPECT_EQ(world.routed("hello").size(), 1u);
}

TEST_F(formations_test, exclusive_instances_are_never_two) {
    EXPECT_EQ(scale({{"worker", 1}}), job_state::succeeded);
    EXPECT_EQ(set("worker", {.exclusive = true}), job_state::succeeded);
    EXPECT_TRUE(runs({"web.1", "worker.1"}));
    EXPECT_EQ(cluster.most_at_once["worker.1"], 1);
    EXPECT_EQ(cluster.most_at_once["web.1"], 2);
}

TEST_F(long_drain_test, an_exclusive_web_is_stopped_when_its_requests_are_over) {
    world.router().say({});  // nothing is in flight
    EXPECT_EQ(set("web", {.exclusive = true}), job_state::succeeded);
    ASSERT_TRUE(runs({"web.1"}));
    const auto old = *cluster.containers.begin();
    const int before = cluster.starts["web.1"];
    const routed_instance serving{.name = "web.1", .address = old.second.address, .port = old.second.port};
    const auto address = address_text(serving);
    world.router().next.leaving->in_flight = {{address, 1}};
    world.router().say({});
    ASSERT_TRUE(world.until([&] { return world.tables().in_flight("router", address) == 1u; }));
    const auto job = world.settle(world.platform().apps().set_config(world.who(), "hello", {{"COLOR", "blue"}}));
    ASSERT_TRUE(world.until([&] { return world.routed("hello").empty(); }));
    int turns = 200;
    world.until([&] { return turns-- <= 0 || cluster.starts["web.1"] > before; });
    EXPECT_TRUE(cluster.containers.contains(old.first)) << "its request is cut";
    EXPECT_EQ(cluster.starts["web.1"], before);
    world.router().next.leaving->in_flight.clear();
    world.router().say({});
    EXPECT_EQ(world.finish(*job), job_state::succeeded);
    EXPECT_FALSE(cluster.containers.contains(old.first));
    EXPECT_EQ(cluster.most_at_once["web.1"], 1);
}

TEST_F(formations_test, an_exclusive_type_is_not_started_again_before_it_has_stopped) {
    EXPECT_EQ(scale({{"worker", 1}}), job_state::succeeded);
    EXPECT_EQ(set("worker", {.exclusive = true}), job_state::succeeded);
    ASSERT_TRUE(runs({"web.1", "worker.1"}));
    const int before = cluster.starts["worker.1"];
    cluster.slow_stops.insert("worker.1");
    EXPECT_EQ(scale({{"worker", 0}}), job_state::succeeded) << "a scale does not wait for the end of what it retires";
    const auto again = world.settle(formations().scale(world.who(), "hello", {{"worker", 1}})).value();
    ASSERT_TRUE(world.until([&] { return world.settle(world.jobs().info(again))->step == "start"; }));
    int turns = 200;
    world.until([&] { return turns-- <= 0 || cluster.starts["worker.1"] > before; });
    EXPECT_EQ(cluster.starts["worker.1"], before) << "the old one has not ended";
    cluster.slow_stops.clear();
    EXPECT_EQ(world.finish(again), job_state::succeeded);
    EXPECT_TRUE(runs({"web.1", "worker.1"}));
    EXPECT_EQ(cluster.starts["worker.1"], before + 1);
    EXPECT_EQ(cluster.most_at_once["worker.1"], 1);
}

TEST_F(formations_test, another_type_is_started_beside_what_still_stops) {
    EXPECT_EQ(scale({{"worker", 1}}), job_state::succeeded);
    cluster.slow_stops.insert("worker.1");
    EXPECT_EQ(scale({{"worker", 0}}), job_state::succeeded);
    EXPECT_EQ(scale({{"worker", 1}}), job_state::succeeded);
    EXPECT_EQ(cluster.most_at_once["worker.1"], 2);
    cluster.slow_stops.clear();
    EXPECT_TRUE(runs({"web.1", "worker.1"}));
}

TEST_F(formations_test, an_exclusive_type_that_does_not_start_gives_way_to_the_old_again) {
    EXPECT_EQ(set("worker", {.exclusive = true}), job_state::succeeded);
    EXPECT_EQ(scale({{"worker", 1}}), job_state::succeeded);
    cluster.refuse_start = "worker.1";
    cluster.refuse_times = 1;
    EXPECT_EQ(set("web", {.cpus = 0.5}), job_state::failed);
    EXPECT_TRUE(runs({"web.1", "worker.1"}));
    for (const auto& [id, i] : cluster.containers)
        EXPECT_EQ(i.release, 2) << i.name;
}

TEST_F(formations_test, an_unhealthy_instance_leaves_the_route_and_is_replaced) {
    health_check often{.interval = std::chrono::seconds(1), .retries = 2};
    EXPECT_EQ(set("web", {.health = often}), job_state::succeeded);
    ASSERT_TRUE(runs({"web.1"}));
    const auto sick = cluster.containers.begin()->first;
    const auto address = world.routed("hello").at(0);
    cluster.unwell.insert(sick);
    EXPECT_TRUE(world.until([&] {
        const auto routed = world.routed("hello");
        return routed.size() == 1 && routed[0] != address;
    }));
    EXPECT_TRUE(world.until([&] { return !cluster.containers.contains(sick); }));
    EXPECT_TRUE(noted("web.1 is unhealthy: it is not well"));
}

TEST_F(formations_test, an_unhealthy_instance_with_a_volume_is_gone_before_the_next_one_starts) {
    health_check often{.interval = std::chrono::seconds(1), .retries = 2};
    EXPECT_EQ(set("web", {.health = often}), job_state::succeeded);
    auto& volumes = world.platform().volumes();
    ASSERT_TRUE(world.settle(volumes.create(world.who(), "data")));
    const auto mounted = world.settle(volumes.mount(world.who(), "data", "hello", "/data")).value();
    EXPECT_EQ(world.finish(mounted), job_state::succeeded);
    ASSERT_TRUE(runs({"web.1"}));
    const auto sick = cluster.containers.begin()->first;
    const int before = cluster.starts["web.1"];
    cluster.most_at_once.clear();
    cluster.slow_stops.insert("web.1");
    cluster.unwell.insert(sick);
    ASSERT_TRUE(world.until([&] { return noted("web.1 is unhealthy"); }));
    int turns = 200;
    world.until([&] { return turns-- <= 0 || cluster.starts["web.1"] > before; });
    EXPECT_EQ(cluster.starts["web.1"], before) << "the old one has not ended";
    cluster.slow_stops.clear();
    EXPECT_TRUE(world.until([&] { return !cluster.containers.contains(sick) && runs({"web.1"}); }));
    EXPECT_EQ(cluster.starts["web.1"], before + 1);
    EXPECT_EQ(cluster.most_at_once["web.1"], 1);
}

TEST_F(formations_test, drift_made_by_hand_is_repaired) {
    const auto& shared = world.platform().shared();
    cluster.containers.clear();
    ASSERT_TRUE(world.settle(control::look_around(world.platform().shared())));
    EXPECT_TRUE(runs({"web.1"}));
    EXPECT_TRUE(world.until([&] { return world.routed("hello").size() == 1; }));
    EXPECT_TRUE(noted("web.1 is gone"));
    cluster.containers["stray"] = {.container = "stray",
                                   .app = "hello",
                                   .name = "web.9",
                                   .process = "web",
                                   .release = 1,
                                   .state = instance_state::up};
    ASSERT_TRUE(world.settle(control::look_around(world.platform().shared())));
    EXPECT_TRUE(cluster.containers.contains("stray")) << "it may just be starting";
    ASSERT_TRUE(world.settle(control::look_around(world.platform().shared())));
    EXPECT_FALSE(cluster.containers.contains("stray"));
    EXPECT_EQ(shared.running.all().size(), 1u);
}

TEST_F(formations_test, an_engine_that_comes_back_is_looked_at_at_once) {
    world.scope().spawn("watch", world.platform().run());
    ASSERT_TRUE(world.until([&] { return cluster.watched(); }));
    const auto address = world.routed("hello").at(0);
    for (auto& [id, i] : cluster.containers)
        i.state = instance_state::crashed;
    cluster.engine_returns();
    EXPECT_TRUE(world.until([&] {
        const auto routed = world.routed("hello");
        return routed.size() == 1 && routed[0] != address;
    }));
    EXPECT_EQ(cluster.connected, 1);
}

TEST(back_off, doubles_from_a_second_to_five_minutes_and_varies) {
    using std::chrono::milliseconds;
    EXPECT_EQ(control::back_off(0, 0.5), milliseconds(0));
    EXPECT_EQ(control::back_off(1, 0.5), milliseconds(1000));
    EXPECT_EQ(control::back_off(2, 0.5), milliseconds(2000));
    EXPECT_EQ(control::back_off(9, 0.5), milliseconds(256'000));
    EXPECT_EQ(control::back_off(50, 0.5), milliseconds(300'000));
    EXPECT_EQ(control::back_off(1, 1.0), milliseconds(1200));
    EXPECT_EQ(control::back_off(2, 0.0), milliseconds(1600));
    EXPECT_EQ(control::back_off(1, 0.0), milliseconds(1000)) << "no less";
    EXPECT_EQ(control::back_off(50, 1.0), milliseconds(300'000)) << "no more";
}

}  // namespace
}  // namespace gasper
