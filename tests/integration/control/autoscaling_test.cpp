#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class autoscaling_test : public testing::Test {
 protected:
    void SetUp() override {
        start();
        world->deployed("hello");
        recover();
    }
    void start() { world = std::make_unique<test::control_world>(dir.path(), cluster); }
    void recover() {
        ASSERT_TRUE(world->settle(world->platform().recover()));
        ASSERT_TRUE(world->until([&] { return !world->routed("hello").empty(); }));
    }

    control::autoscaling& autoscaling() { return world->platform().autoscaling(); }

    // So many requests at once for ten seconds, by the looks' clock.
    void ten_seconds_with(double requests) {
        at += 10s;
        app_traffic t;
        t.requests = 100;
        t.latency_us = static_cast<std::uint64_t>(requests * 10e6);
        autoscaling().hear("hello", t, at);
        look();
    }
    void look() {
        world->run(autoscaling().look(at));
        ASSERT_TRUE(world->until([&] { return !world->jobs().busy("hello"); }));
    }
    int wanted() {
        return world->store([](SQLite::Database& db) { return store::find_app(db, "hello")->wanted.at("web"); });
    }
    result<> set(autoscale_rule rule, const std::string& process = "web") {
        return world->settle(autoscaling().set(world->who(), "hello", process, rule));
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    std::unique_ptr<test::control_world> world;
    control::autoscaling::clock::time_point at{control::autoscaling::clock::now()};
};

TEST_F(autoscaling_test, grows_with_the_requests_and_shrinks_after_the_cool_down) {
    ASSERT_TRUE(set({.least = 1, .most = 4, .target = 10, .cooldown = 60s}));
    ten_seconds_with(25);
    EXPECT_EQ(wanted(), 1);
    ten_seconds_with(25);
    EXPECT_EQ(wanted(), 2);
    for (int i = 0; i < 6; ++i)
        ten_seconds_with(90);
    EXPECT_EQ(wanted(), 4) << "the most";
    EXPECT_EQ(world->routed("hello").size(), 4u);
    for (int i = 0; i < 20; ++i)
        ten_seconds_with(1);
    EXPECT_EQ(wanted(), 1);
    ASSERT_TRUE(world->until([&] { return cluster.containers.size() == 1; }));
    const auto events = world->settle(world->platform().audit().list(world->who(), {.app = "hello"})).value();
    EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const auto& e) {
        return e.action == "app.autoscaled" && e.user == "gasper" &&
               e.detail.starts_with("web from 1 to 2: 25.0 requests at once");
    }));
}

TEST_F(autoscaling_test, follows_the_cpu_of_all_instances) {
    ASSERT_TRUE(set({.least = 1, .most = 5, .signal = scale_signal::cpu, .target = 50, .cooldown = 60s}));
    std::uint64_t used = 0;
    for (int i = 0; i < 4; ++i) {
        at += 10s;
        used += 9'000'000'000;  // nine tenths of its limit of one
        for (const auto& [id, c] : cluster.containers)
            cluster.usage[id].cpu_ns = used;
        world->run(world->platform().metrics().sample_once(now(), at));
        look();
    }
    EXPECT_GE(wanted(), 2);
    EXPECT_LE(wanted(), 5);
}

TEST_F(autoscaling_test, survives_a_restart_and_decides_nothing_on_what_it_has_not_seen) {
    ASSERT_TRUE(set({.least = 1, .most = 4, .target = 10, .cooldown = 60s}));
    ten_seconds_with(25);
    ten_seconds_with(25);
    ASSERT_EQ(wanted(), 2);
    world.reset();
    start();
    recover();
    ASSERT_TRUE(world->until([&] { return world->routed("hello").size() == 2; }));
    for (int i = 0; i < 5; ++i)
        ten_seconds_with(0);
    EXPECT_EQ(wanted(), 2);
    const auto rules = world->settle(autoscaling().list(world->who(), "hello")).value();
    ASSERT_EQ(rules.size(), 1u);
    EXPECT_EQ(rules[0].rule.most, 4);
    for (int i = 0; i < 3; ++i)
        ten_seconds_with(0);
    EXPECT_EQ(wanted(), 1);
}

TEST_F(autoscaling_test, a_failed_try_is_not_repeated_at_once_and_leaves_what_serves) {
    ASSERT_TRUE(set({.least = 1, .most = 4, .target = 10, .cooldown = 60s}));
    cluster.never_ready = {"web.2"};
    for (int i = 0; i < 6; ++i)
        ten_seconds_with(25);
    EXPECT_EQ(wanted(), 1);
    EXPECT_EQ(world->routed("hello").size(), 1u);
    const auto jobs = world->settle(world->platform().jobs().list(world->who(), "hello", 100)).value();
    EXPECT_EQ(std::count_if(jobs.begin(), jobs.end(), [](const auto& j) { return j.kind == "autoscale"; }), 1);
}

TEST_F(autoscaling_test, what_a_person_says_holds_within_the_bounds) {
    ASSERT_TRUE(set({.least = 2, .most = 4, .target = 10, .cooldown = 60s}));
    look();
    EXPECT_EQ(wanted(), 2) << "the least, at once";
    auto job = world->settle(world->platform().formations().scale(world->who(), "hello", {{"web", 0}}));
    ASSERT_TRUE(job);
    EXPECT_EQ(world->finish(*job), job_state::succeeded);
    for (int i = 0; i < 5; ++i)
        ten_seconds_with(100);
    EXPECT_EQ(wanted(), 0) << "scaled to none: that holds";
    ASSERT_TRUE(world->settle(autoscaling().remove(world->who(), "hello", "web")));
    EXPECT_EQ(world->settle(autoscaling().remove(world->who(), "hello", "web")).error().code, "autoscale_not_found");
}

TEST_F(autoscaling_test, refuses_what_it_cannot_do) {
    EXPECT_THAT(set({.least = 3, .most = 2}).error().message, HasSubstr("min <= max"));
    EXPECT_EQ(set({.least = 1, .most = 2}, "clock").error().code, "process_unknown");
    auto nobody = world->who();
    nobody.id = user_id{999};
    nobody.admin = false;
    EXPECT_EQ(world->settle(autoscaling().set(nobody, "hello", "web", {.most = 2})).error().kind, errc::not_found);
}

}  // namespace
}  // namespace gasper
