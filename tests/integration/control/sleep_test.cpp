// Scale to zero as control does it, with a router that says what the test wants.
#include <gmock/gmock.h>

#include "core/store/routing.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using namespace std::chrono_literals;

class sleep_test : public testing::Test {
 protected:
    void SetUp() override {
        start();
        world->deployed("hello");
        ASSERT_TRUE(world->settle(world->platform().recover()));
        ASSERT_TRUE(world->until([&] { return cluster.containers.size() == 1 && served(); }));
        ASSERT_TRUE(world->settle(world->platform().routings().autosleep(world->who(), "hello", 60s, 3600s)));
    }
    void TearDown() override { end(); }

    void start() {
        world = std::make_unique<test::control_world>(dir.path(), cluster);
        router = &world->router();
    }
    void end() { world.reset(); }
    /// What a kill -9 and a new start are.
    void restart() {
        end();
        start();
        ASSERT_TRUE(world->settle(world->platform().recover()));
    }

    bool served() {
        const auto* r = router->routed("hello");
        return r && !r->instances.empty();
    }
    bool held() {
        const auto* r = router->routed("hello");
        return r && r->instances.empty() && r->asleep;
    }
    void say_idle(std::chrono::milliseconds idle) { router->say({.leaving = {}, .idle = {{"hello", idle}}}); }
    void say_wake() { router->say({.leaving = {}, .wake = {"hello"}}); }
    std::string stage() {
        return world->settle(world->platform().routings().show(world->who(), "hello")).value().sleep;
    }
    bool becomes(const std::string& wanted) {
        return world->until([&] { return stage() == wanted; });
    }
    void fall_asleep() {
        say_idle(61s);
        ASSERT_TRUE(becomes("frozen"));
        ASSERT_TRUE(world->until([&] { return held() && cluster.freezes > 0; }));
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    std::unique_ptr<test::control_world> world;
    test::scripted_router* router{nullptr};
};

TEST_F(sleep_test, freezes_an_idle_app_and_a_request_wakes_it) {
    fall_asleep();
    EXPECT_EQ(cluster.freezes, 1);
    EXPECT_EQ(world->settle(world->platform().apps().info(world->who(), "hello"))->state, "asleep");
    say_wake();
    ASSERT_TRUE(world->until([&] { return served(); }));
    EXPECT_EQ(cluster.thaws, 1);
    ASSERT_TRUE(becomes("awake"));
    EXPECT_EQ(cluster.containers.size(), 1u) << "nothing was started anew";
}

TEST_F(sleep_test, leaves_an_app_awake_that_is_not_idle_for_long_enough) {
    say_idle(59s);
    say_idle(0s);
    const auto table = router->table;
    world->settle(world->platform().routings().autosleep(world->who(), "hello", 90s, 3600s));
    say_idle(89s);
    ASSERT_TRUE(world->until([&] { return router->next.idle.empty(); }));
    EXPECT_EQ(stage(), "awake");
    EXPECT_EQ(cluster.freezes, 0);
}

TEST_F(sleep_test, stays_awake_when_a_request_was_on_its_way) {
    const auto address = router->routed("hello")->instances[0];
    router->next.leaving->in_flight = {{address_text(address), 1}};
    say_idle(61s);
    ASSERT_TRUE(world->until([&] { return held(); }));
    ASSERT_TRUE(world->until([&] { return served(); })) << "it is routed again";
    EXPECT_EQ(cluster.freezes, 0);
    EXPECT_EQ(stage(), "awake");
}

TEST_F(sleep_test, a_crowd_wakes_it_once) {
    fall_asleep();
    for (int i = 0; i < 100; ++i) {
        say_wake();
        world->until([&] { return router->next.wake.empty(); });
    }
    ASSERT_TRUE(world->until([&] { return served(); }));
    EXPECT_EQ(cluster.thaws, 1);
}

TEST_F(sleep_test, sleeps_on_over_a_restart_of_the_control_plane) {
    fall_asleep();
    restart();
    ASSERT_TRUE(world->until([&] { return held(); }));
    EXPECT_EQ(cluster.containers.size(), 1u);
    EXPECT_TRUE(cluster.containers.begin()->second.frozen);
    say_wake();
    ASSERT_TRUE(world->until([&] { return served(); }));
    EXPECT_FALSE(cluster.containers.begin()->second.frozen);
}

TEST_F(sleep_test, thaws_at_start_what_is_frozen_and_should_not_be) {
    cluster.containers.begin()->second.frozen = true;
    restart();
    ASSERT_TRUE(world->until([&] { return served(); }));
    EXPECT_FALSE(cluster.containers.begin()->second.frozen);
}

TEST_F(sleep_test, stops_what_has_slept_for_long_and_a_request_starts_it) {
    world->scope().spawn("run", world->platform().run());
    world->settle(world->platform().routings().autosleep(world->who(), "hello", 60s, 0s));
    say_idle(61s);
    ASSERT_TRUE(becomes("stopped"));
    ASSERT_TRUE(world->until([&] { return cluster.containers.empty(); }));
    EXPECT_TRUE(held());
    say_wake();
    ASSERT_TRUE(world->until([&] { return served(); }));
    EXPECT_EQ(cluster.containers.size(), 1u);
    EXPECT_TRUE(becomes("awake"));
}

TEST_F(sleep_test, a_stopped_app_stays_stopped_over_a_restart) {
    world->scope().spawn("run", world->platform().run());
    world->settle(world->platform().routings().autosleep(world->who(), "hello", 60s, 0s));
    say_idle(61s);
    ASSERT_TRUE(becomes("stopped"));
    ASSERT_TRUE(world->until([&] { return cluster.containers.empty(); }));
    restart();
    ASSERT_TRUE(world->until([&] { return held(); }));
    EXPECT_TRUE(cluster.containers.empty());
}

TEST_F(sleep_test, a_change_wakes_it_first) {
    fall_asleep();
    const auto job = world->settle(world->platform().apps().set_config(world->who(), "hello", {{"COLOR", "blue"}}));
    ASSERT_TRUE(job);
    EXPECT_EQ(world->finish(*job), job_state::succeeded);
    EXPECT_TRUE(world->until([&] { return served() && cluster.containers.size() == 1; }));
    EXPECT_EQ(stage(), "awake");
    EXPECT_EQ(cluster.environments[cluster.containers.begin()->first]["COLOR"], "blue");
}

TEST_F(sleep_test, a_shell_wakes_it_and_it_does_not_fall_asleep_under_it) {
    ASSERT_TRUE(world->settle(world->platform().routings().autosleep(world->who(), "hello", 1s, 3600s)));
    fall_asleep();
    auto shell = world->settle(world->platform().streams().exec(world->who(), {.app = "hello"}));
    ASSERT_TRUE(shell) << shell.error().message;
    EXPECT_TRUE(served());
    EXPECT_EQ(cluster.thaws, 1);
    for (int i = 0; i < 3; ++i) {
        say_idle(3600s);
        ASSERT_TRUE(world->until([&] { return router->next.idle.empty(); }));
        EXPECT_EQ(stage(), "awake");
    }
    EXPECT_EQ(cluster.freezes, 1);
    shell->reset();
    ASSERT_TRUE(world->until([&] {
        say_idle(3600s);
        return stage() == "frozen";
    })) << "when the last has left it may sleep again";
}

TEST_F(sleep_test, a_shell_starts_what_was_stopped) {
    world->scope().spawn("run", world->platform().run());
    world->settle(world->platform().routings().autosleep(world->who(), "hello", 60s, 0s));
    say_idle(61s);
    ASSERT_TRUE(becomes("stopped"));
    ASSERT_TRUE(world->until([&] { return cluster.containers.empty(); }));
    const auto shell = world->settle(world->platform().streams().exec(world->who(), {.app = "hello"}));
    ASSERT_TRUE(shell) << shell.error().message;
    EXPECT_EQ(cluster.containers.size(), 1u);
    EXPECT_EQ(stage(), "awake");
}

TEST_F(sleep_test, a_one_off_wakes_it) {
    fall_asleep();
    const auto run = world->settle(world->platform().one_offs().detach(world->who(), "hello", "rake db:migrate"));
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_TRUE(served());
    EXPECT_FALSE(cluster.containers.begin()->second.frozen);
    EXPECT_EQ(world->finish(run->job), job_state::succeeded);
}

TEST_F(sleep_test, turning_it_off_wakes_it) {
    fall_asleep();
    ASSERT_TRUE(world->settle(world->platform().routings().autosleep(world->who(), "hello", 0s, 0s)));
    ASSERT_TRUE(world->until([&] { return served(); }));
    EXPECT_EQ(stage(), "awake");
    EXPECT_FALSE(router->routed("hello")->asleep);
}

TEST_F(sleep_test, maintenance_is_routed_and_kept_and_makes_no_release) {
    auto& routings = world->platform().routings();
    ASSERT_TRUE(world->settle(routings.maintain(world->who(), "hello", true, "<h1>Back soon</h1>")));
    EXPECT_TRUE(router->routed("hello")->maintenance) << "it returns when the router has it";
    EXPECT_EQ(router->routed("hello")->maintenance_page, "<h1>Back soon</h1>");
    restart();
    ASSERT_TRUE(world->until([&] { return router->routed("hello") && router->routed("hello")->maintenance; }));
    ASSERT_TRUE(world->settle(world->platform().routings().maintain(world->who(), "hello", false, "")));
    EXPECT_FALSE(router->routed("hello")->maintenance);
    EXPECT_EQ(world->settle(world->platform().apps().releases(world->who(), "hello"))->size(), 1u);
}

TEST_F(sleep_test, refuses_a_page_that_is_too_large_or_no_text) {
    auto& routings = world->platform().routings();
    const auto large = world->settle(routings.maintain(world->who(), "hello", true, std::string(65'537, 'a')));
    EXPECT_EQ(large.error().kind, errc::too_large);
    const auto garbage = world->settle(routings.maintain(world->who(), "hello", true, "\xff\xfe"));
    EXPECT_EQ(garbage.error().kind, errc::invalid);
    EXPECT_FALSE(world->settle(routings.show(world->who(), "hello"))->maintenance);
}

}  // namespace
}  // namespace gasper
