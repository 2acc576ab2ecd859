// Scale to zero as control does it, with a router that says what the test wants.
#include <gmock/gmock.h>

#include "control/housekeeping.hpp"
#include "control/supervision.hpp"
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
        world = std::make_unique<test::control_world>(dir.path(), cluster,
                                                      [this](control::options& o) { o.sleep_sandboxes = sandboxes; });
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

    void run() { world->scope().spawn("run", world->platform().run()); }
    /// As after a long sleep.
    void stop_in_sleep(const std::string& app) {
        ASSERT_TRUE(world->settle(world->platform().routings().autosleep(world->who(), app, 60s, 0s)));
        router->say({.leaving = {}, .idle = {{app, 61s}}});
        ASSERT_TRUE(world->until([&] {
            return std::none_of(cluster.containers.begin(), cluster.containers.end(),
                                [&](const auto& c) { return c.second.app == app; });
        }));
    }
    bool keeps_sandboxes(std::size_t number) {
        return world->until([&] { return cluster.sandboxes.size() == number && kept().size() == number; });
    }
    std::vector<std::string> kept() { return world->platform().shared().spares.containers(); }
    /// What hello's only instance was started in; empty: in a sandbox that was made for it.
    std::string started_in() { return cluster.sandbox_of[cluster.containers.begin()->first]; }

    int sandboxes{50};
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

TEST_F(sleep_test, a_stopped_app_keeps_a_sandbox_and_wakes_in_it) {
    run();
    stop_in_sleep("hello");
    ASSERT_TRUE(keeps_sandboxes(1));
    const auto waiting = kept().at(0);
    EXPECT_TRUE(world->platform().shared().running.all().empty()) << "a sandbox is no instance";
    EXPECT_TRUE(held());
    say_wake();
    ASSERT_TRUE(world->until([&] { return served(); }));
    EXPECT_EQ(started_in(), waiting);
    EXPECT_TRUE(cluster.sandboxes.empty());
    EXPECT_EQ(cluster.sandboxes_made, 1);
}

TEST_F(sleep_test, a_request_that_comes_while_the_sandbox_is_made_is_answered) {
    run();
    cluster.slow_sandboxes = true;
    stop_in_sleep("hello");
    ASSERT_TRUE(world->until([&] { return !world->platform().shared().spares.kept().empty(); }));
    say_wake();
    ASSERT_TRUE(becomes("awake"));
    EXPECT_TRUE(cluster.containers.empty());
    cluster.slow_sandboxes = false;
    ASSERT_TRUE(world->until([&] { return served(); }));
    EXPECT_NE(started_in(), "");
    EXPECT_TRUE(cluster.sandboxes.empty());
}

TEST_F(sleep_test, a_kept_sandbox_waits_on_over_a_restart_of_the_control_plane) {
    run();
    stop_in_sleep("hello");
    ASSERT_TRUE(keeps_sandboxes(1));
    cluster.sandboxes.emplace("hello", runtime::sandbox{"one too many", "10.0.0.99"});
    cluster.sandboxes.emplace("gone", runtime::sandbox{"of nobody", "10.0.0.98"});
    restart();
    ASSERT_EQ(cluster.sandboxes.size(), 1u) << "the others are swept";
    const auto waiting = cluster.sandboxes.begin()->second.container;
    EXPECT_EQ(kept(), std::vector{waiting});
    EXPECT_TRUE(cluster.containers.empty());
    run();
    say_wake();
    ASSERT_TRUE(world->until([&] { return served(); }));
    EXPECT_EQ(started_in(), waiting);
    EXPECT_EQ(cluster.sandboxes_made, 1);
}

TEST_F(sleep_test, a_restart_makes_the_sandbox_that_it_does_not_find) {
    run();
    stop_in_sleep("hello");
    ASSERT_TRUE(keeps_sandboxes(1));
    cluster.lose_sandboxes();
    restart();
    EXPECT_TRUE(kept().empty());
    run();
    ASSERT_TRUE(keeps_sandboxes(1));
    EXPECT_EQ(cluster.sandboxes_made, 2);
}

TEST_F(sleep_test, a_sandbox_that_died_costs_the_wake_nothing_but_time) {
    run();
    stop_in_sleep("hello");
    ASSERT_TRUE(keeps_sandboxes(1));
    cluster.lose_sandboxes();
    say_wake();
    ASSERT_TRUE(world->until([&] { return served(); }));
    EXPECT_EQ(started_in(), "");
}

TEST_F(sleep_test, sandboxes_that_died_with_the_engine_are_made_anew) {
    run();
    ASSERT_TRUE(world->until([&] { return cluster.watched(); }));
    stop_in_sleep("hello");
    ASSERT_TRUE(keeps_sandboxes(1));
    const auto before = kept();
    cluster.lose_sandboxes();
    cluster.engine_returns();
    ASSERT_TRUE(keeps_sandboxes(1));
    EXPECT_NE(kept(), before);
}

TEST_F(sleep_test, housekeeping_leaves_kept_sandboxes) {
    run();
    stop_in_sleep("hello");
    ASSERT_TRUE(keeps_sandboxes(1));
    world->run(control::collect_strays(world->platform().shared()));
    EXPECT_THAT(cluster.tidied.back().first, testing::Contains(kept().at(0)));
}

TEST_F(sleep_test, as_many_keep_one_as_the_settings_say_those_that_were_stopped_last) {
    sandboxes = 1;
    restart();
    world->deployed("second");
    run();
    ASSERT_TRUE(world->until([&] { return cluster.watched(); }));
    ASSERT_TRUE(world->settle(control::look_around(world->platform().shared())));
    ASSERT_TRUE(world->until([&] { return world->routed("second").size() == 1; }));
    stop_in_sleep("hello");
    ASSERT_TRUE(keeps_sandboxes(1));
    EXPECT_EQ(cluster.sandboxes.begin()->first, "hello");
    stop_in_sleep("second");
    ASSERT_TRUE(world->until([&] { return cluster.sandboxes.contains("second"); }));
    EXPECT_FALSE(cluster.sandboxes.contains("hello")) << "it went before the other was made";
    say_wake();
    ASSERT_TRUE(world->until([&] { return served(); })) << "it wakes all the same";
    EXPECT_EQ(started_in(), "");
    ASSERT_TRUE(keeps_sandboxes(1));
}

TEST_F(sleep_test, an_app_that_is_destroyed_in_its_sleep_leaves_nothing) {
    run();
    stop_in_sleep("hello");
    ASSERT_TRUE(keeps_sandboxes(1));
    ASSERT_TRUE(world->settle(world->platform().apps().destroy(world->who(), "hello", "hello")));
    EXPECT_TRUE(cluster.sandboxes.empty());
    EXPECT_TRUE(kept().empty());
    EXPECT_EQ(world->platform().shared().sleep.find("hello"), nullptr);
}

TEST_F(sleep_test, a_change_starts_a_stopped_app_in_its_sandbox) {
    run();
    stop_in_sleep("hello");
    ASSERT_TRUE(keeps_sandboxes(1));
    const auto waiting = kept().at(0);
    const auto job = world->settle(world->platform().apps().set_config(world->who(), "hello", {{"COLOR", "blue"}}));
    ASSERT_TRUE(job);
    EXPECT_EQ(world->finish(*job), job_state::succeeded);
    ASSERT_TRUE(world->until([&] { return served() && cluster.containers.size() == 1; }));
    EXPECT_EQ(started_in(), waiting);
    EXPECT_TRUE(cluster.sandboxes.empty());
}

TEST_F(sleep_test, the_web_wakes_in_the_sandbox_and_not_a_worker) {
    world->store([&](SQLite::Database& db) {
        const auto id = store::find_app(db, "hello")->id;
        auto r = store::add_release(db, world->box(),
                                    {.app = id,
                                     .commit = std::string(40, 'b'),
                                     .description = "Deploy",
                                     .user = "ann",
                                     .code = {"", "stack"},
                                     .processes = {{"clock", "tick"}, {"web", "serve"}}});
        store::make_current(db, r, "static", {{"clock", 1}, {"web", 1}});
    });
    restart();
    run();
    ASSERT_TRUE(world->until([&] {
        return served() && cluster.containers.size() == 2 &&
               std::all_of(cluster.containers.begin(), cluster.containers.end(),
                           [](const auto& c) { return c.second.release == 2; });
    }));
    stop_in_sleep("hello");
    ASSERT_TRUE(keeps_sandboxes(1));
    const auto waiting = kept().at(0);
    say_wake();
    ASSERT_TRUE(world->until([&] { return served() && cluster.containers.size() == 2; }));
    for (const auto& [id, i] : cluster.containers)
        EXPECT_EQ(cluster.sandbox_of[id], i.process == "web" ? waiting : "") << i.name;
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
