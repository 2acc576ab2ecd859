// Restarts by supervision and jobs of the same app at the same time: none is started twice, and none is forgotten.
#include <gtest/gtest.h>

#include "control/supervision.hpp"
#include "core/store/audit.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class supervision_test : public testing::Test {
 protected:
    void serve(formation wanted) {
        process_settings alone;
        alone.exclusive = true;
        app = world.store([&](SQLite::Database& db) {
            const auto id = store::add_app(db, "hello", world.who().id);
            auto r = store::add_release(db, world.box(),
                                        {.app = id,
                                         .description = "Deploy",
                                         .user = "ann",
                                         .code = {"", "stack"},
                                         .processes = {{"web", "serve"}, {"worker", "work"}},
                                         .set = {{"worker", alone}}});
            store::make_current(db, r, "static", wanted);
            return id;
        });
        world.scope().spawn("run", world.platform().run());
        ASSERT_TRUE(world.settle(world.platform().recover()));
        ASSERT_TRUE(world.until([&] { return cluster.watched() && calm(); }));
    }

    /// Nobody starts anything, and what the engine has is up.
    bool calm() {
        const auto& p = world.platform().shared();
        return !cluster.containers.empty() && !world.jobs().busy("hello") &&
               std::none_of(p.restarts.begin(), p.restarts.end(), [](const auto& r) { return r.second.pending; }) &&
               std::all_of(cluster.containers.begin(), cluster.containers.end(),
                           [](const auto& c) { return c.second.state == instance_state::up; });
    }
    std::string container_of(const std::string& name) {
        for (const auto& [id, i] : cluster.containers)
            if (i.name == name) return id;
        return {};
    }
    bool runs(const std::vector<std::string>& wanted) {
        return world.until([&] {
            std::vector<std::string> names;
            for (const auto& [id, i] : cluster.containers)
                names.push_back(i.name);
            std::sort(names.begin(), names.end());
            return names == wanted && calm();
        });
    }
    job_id scale(formation quantities) {
        return world.settle(world.platform().formations().scale(world.who(), "hello", quantities)).value();
    }
    bool reaches(job_id id, const std::string& step) {
        return world.until([&] { return world.settle(world.jobs().info(id))->step == step; });
    }

    std::size_t told_of_crashes() {
        const auto all = world.read([](SQLite::Database& db) { return store::find_audit(db, {.app = "hello"}); });
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [](const auto& e) { return e.action == "app.crashed"; }));
    }

    bool noted(const std::string& text) {
        const auto events = world.read([this](SQLite::Database& db) { return store::events_of(db, app, 0, 100); });
        return std::any_of(events.begin(), events.end(),
                           [&](const auto& e) { return e.text.find(text) != std::string::npos; });
    }
    std::string state() { return world.settle(world.platform().apps().info(world.who(), "hello"))->state; }

    /// The instance ends, and its restart comes to where the engine makes the container.
    void end_and_restart_slowly(const std::string& name) {
        const int before = cluster.starts[name];
        cluster.slow_starts = {name};
        cluster.crash(container_of(name), 1);
        ASSERT_TRUE(world.until([&] { return cluster.starts[name] == before + 1; }));
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::control_world world{dir.path(), cluster};
    app_id app;
};

TEST_F(supervision_test, a_scale_during_a_restart_does_not_start_the_instance_again) {
    serve({{"web", 1}});
    end_and_restart_slowly("web.1");
    const auto job = scale({{"web", 2}});
    ASSERT_TRUE(reaches(job, "start"));
    cluster.slow_starts.clear();
    EXPECT_EQ(world.finish(job), job_state::succeeded);
    EXPECT_TRUE(runs({"web.1", "web.2"}));
    EXPECT_EQ(cluster.starts["web.1"], 2) << "at first, and again after its end";
    EXPECT_EQ(world.routed("hello").size(), 2u);
}

TEST_F(supervision_test, a_restart_waits_for_a_job_that_starts_the_instance_and_takes_over_when_that_fails) {
    serve({{"web", 1}});
    auto& p = world.platform().shared();
    const auto ended = container_of("web.1");
    cluster.containers.at(ended).state = instance_state::crashed;
    p.running.mark(ended, instance_state::crashed);
    cluster.slow_starts = {"web.1", "web.2"};
    cluster.refuse_start = "web.2";
    cluster.refuse_times = 1;
    const auto job = scale({{"web", 2}});
    ASSERT_TRUE(world.until([&] { return cluster.starts["web.1"] == 2 && cluster.starts["web.2"] == 1; }));
    ASSERT_TRUE(world.settle(control::reconcile(p, app, std::chrono::milliseconds(0))));
    for (int n = 0; n < 20; ++n)  // it needs one look into the store to begin
        (void)world.read([](SQLite::Database& db) { return store::all_apps(db); });
    EXPECT_EQ(cluster.starts["web.1"], 2) << "the job's";
    EXPECT_TRUE(p.restarts["hello/web.1"].pending);
    cluster.slow_starts.clear();
    EXPECT_EQ(world.finish(job), job_state::failed);
    EXPECT_TRUE(world.until([&] { return world.routed("hello").size() == 1; }));
    EXPECT_EQ(cluster.starts["web.1"], 3);
}

TEST_F(supervision_test, a_restart_under_way_brings_up_nothing_that_was_scaled_away) {
    serve({{"web", 2}});
    end_and_restart_slowly("web.2");
    EXPECT_EQ(world.finish(scale({{"web", 1}})), job_state::succeeded);
    cluster.slow_starts.clear();
    EXPECT_TRUE(runs({"web.1"}));
    EXPECT_EQ(world.routed("hello").size(), 1u);
}

TEST_F(supervision_test, what_a_failed_scale_had_ready_is_off_the_route_again) {
    serve({{"web", 1}});
    cluster.slow_starts = {"web.3"};
    cluster.refuse_start = "web.3";
    const auto job = scale({{"web", 3}});
    ASSERT_TRUE(world.until([&] { return world.platform().shared().running.of("hello").size() == 2; }));
    ASSERT_TRUE(world.until([&] {
        (void)world.settle(control::publish(world.platform().shared()));  // as any other app's change does
        return world.routed("hello").size() == 2;
    }));
    cluster.slow_starts.clear();
    EXPECT_EQ(world.finish(job), job_state::failed);
    EXPECT_EQ(world.routed("hello").size(), 1u);
    EXPECT_TRUE(runs({"web.1"}));
}

TEST_F(supervision_test, a_restart_of_an_exclusive_type_is_over_before_a_release_replaces_it) {
    serve({{"web", 1}, {"worker", 1}});
    end_and_restart_slowly("worker.1");
    const auto job = world.settle(world.platform().apps().set_config(world.who(), "hello", {{"N", "1"}})).value();
    ASSERT_TRUE(reaches(job, "exclusive"));
    cluster.slow_starts.clear();
    EXPECT_EQ(world.finish(job), job_state::succeeded);
    EXPECT_TRUE(runs({"web.1", "worker.1"}));
    EXPECT_EQ(cluster.most_at_once["worker.1"], 1);
}

TEST_F(supervision_test, an_engine_that_is_away_is_no_end_of_the_instance) {
    serve({{"web", 1}});
    auto& p = world.platform().shared();
    cluster.engine_away = true;
    cluster.crash(container_of("web.1"), 1);
    ASSERT_TRUE(world.until([&] { return cluster.starts["web.1"] == 3; })) << "at first, at once, a second later";
    EXPECT_EQ(p.restarts["hello/web.1"].in_row, 1) << "its own end";
    cluster.engine_away = false;
    cluster.engine_returns();
    EXPECT_TRUE(world.until([&] { return world.routed("hello").size() == 1 && calm(); }));
}

TEST_F(supervision_test, an_engine_that_comes_back_ends_the_wait_for_a_restart) {
    serve({{"web", 1}});
    auto& p = world.platform().shared();
    auto& r = p.restarts["hello/web.1"];
    r.in_row = 8;
    r.release = 1;
    const int before = cluster.starts["web.1"];
    cluster.crash(container_of("web.1"), 1);
    ASSERT_TRUE(world.until([&] { return r.pending; }));
    EXPECT_EQ(r.in_row, 9) << "four minutes to wait";
    EXPECT_EQ(cluster.starts["web.1"], before);
    for (int n = 0; n < 20; ++n)  // it begins to wait
        (void)world.read([](SQLite::Database& db) { return store::all_apps(db); });
    cluster.engine_returns();
    EXPECT_TRUE(world.until([&] { return world.routed("hello").size() == 1; }));
    EXPECT_EQ(cluster.starts["web.1"], before + 1);
}

TEST_F(supervision_test, what_was_paused_by_hand_runs_again_and_what_sleeps_stays_frozen) {
    serve({{"web", 1}});
    auto& p = world.platform().shared();
    auto& web = cluster.containers.at(container_of("web.1"));
    web.frozen = true;
    ASSERT_TRUE(world.settle(control::look_around(p)));
    EXPECT_FALSE(web.frozen);
    EXPECT_EQ(cluster.starts["web.1"], 1) << "it is the same one";
    web.frozen = true;
    p.sleep.of("hello").changing = true;
    ASSERT_TRUE(world.settle(control::look_around(p)));
    EXPECT_TRUE(web.frozen) << "it falls asleep, or wakes up";
    p.sleep.of("hello").changing = false;
    p.sleep.of("hello").since = deadline::clock::now();
    p.sleep.of("hello").stop_after = std::chrono::hours(1);
    p.sleep.of("hello").stage = store::sleep_stage::frozen;
    p.sleep.of("hello").hidden = true;
    ASSERT_TRUE(world.settle(control::look_around(p)));
    EXPECT_TRUE(web.frozen);
}

TEST_F(supervision_test, the_first_end_in_a_row_is_told_and_the_one_that_makes_it_crashed) {
    serve({{"web", 1}});
    auto& r = world.platform().shared().restarts["hello/web.1"];
    const auto crash_after = [&](int ends) {
        r.in_row = ends;
        r.release = 1;
        cluster.crash(container_of("web.1"), 1);
        ASSERT_TRUE(world.until([&] { return r.in_row == ends + 1 && r.pending; }));
        cluster.engine_returns();
        ASSERT_TRUE(world.until([&] { return world.routed("hello").size() == 1 && calm(); }));
    };
    crash_after(0);
    EXPECT_EQ(told_of_crashes(), 1u);
    crash_after(1);
    EXPECT_EQ(told_of_crashes(), 1u);
    EXPECT_FALSE(noted("times in a row"));
    EXPECT_EQ(state(), "up");
    crash_after(control::crashed_after - 1);
    EXPECT_EQ(told_of_crashes(), 2u);
    EXPECT_TRUE(noted("web.1 has crashed 10 times in a row"));
    EXPECT_EQ(state(), "crashed") << "it is up, as before each of its ends";
    r.no_room = true;
    EXPECT_EQ(state(), "up") << "what found no room did not end";
    r.no_room = false;
    r.ready = deadline::clock::now() - std::chrono::minutes(11);
    EXPECT_EQ(state(), "up");
}

TEST_F(supervision_test, ends_are_in_a_row_unless_it_was_ready_for_a_calm_time) {
    serve({{"web", 1}});
    auto& r = world.platform().shared().restarts["hello/web.1"];
    const auto crash_again = [&](std::chrono::minutes after) {
        r.in_row = 5;
        r.release = 1;
        r.ready = deadline::clock::now() - after;
        cluster.crash(container_of("web.1"), 1);
        ASSERT_TRUE(world.until([&] { return r.pending; }));
        const int ends = r.in_row;
        cluster.engine_returns();
        ASSERT_TRUE(world.until([&] { return world.routed("hello").size() == 1 && calm(); }));
        EXPECT_EQ(ends, after > std::chrono::minutes(10) ? 1 : 6);
        EXPECT_TRUE(r.ready) << "its calm time begins";
    };
    crash_again(std::chrono::minutes(9));
    crash_again(std::chrono::minutes(11));
    cluster.never_ready = {"web.1"};
    cluster.crash(container_of("web.1"), 1);
    EXPECT_TRUE(world.until([&] { return r.in_row == 3; })) << "its end, and a start that was never ready";
}

}  // namespace
}  // namespace gasper
