#include <gtest/gtest.h>

#include "control/housekeeping.hpp"
#include "control/supervision.hpp"
#include "core/store/jobs.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class jobs_test : public testing::Test {
 protected:
    void serve() {
        world.deployed("hello");
        ASSERT_TRUE(world.settle(world.platform().recover()));
        ASSERT_TRUE(world.until([&] { return world.routed("hello").size() == 1; }));
        before = world.routed("hello");
    }

    job_id change_config() {
        return world.settle(world.platform().apps().set_config(world.who(), "hello", {{"COLOR", "blue"}})).value();
    }

    job info(job_id id) { return world.settle(world.jobs().info(id)).value(); }

    result<job> cancel(job_id id) { return world.settle(world.platform().jobs().cancel(world.who(), id)); }

    /// What a cancelled switch must leave: the old release, and nothing else.
    void expect_untouched(job_id id) {
        EXPECT_EQ(world.finish(id), job_state::aborted);
        EXPECT_EQ(info(id).reason, "cancelled by ann");
        EXPECT_EQ(world.routed("hello"), before);
        EXPECT_TRUE(world.until([&] { return cluster.containers.size() == 1 && cluster.sandboxes.empty(); }));
        EXPECT_EQ(cluster.containers.begin()->second.release, 1);
        const auto newest = world.settle(world.platform().apps().releases(world.who(), "hello")).value().front();
        EXPECT_TRUE(newest.version == 1 || newest.state == release_state::failed);
        EXPECT_FALSE(world.jobs().busy("hello"));
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    std::chrono::hours wrong{0};  // so far the clock is ahead
    test::control_world world{dir.path(), cluster};
    std::vector<std::string> before;
};

TEST_F(jobs_test, cancelled_while_an_instance_gets_ready_nothing_changed) {
    serve();
    cluster.hang_in_ready = true;
    const auto id = change_config();
    ASSERT_TRUE(world.until([&] { return cluster.containers.size() == 2; }));
    ASSERT_TRUE(cancel(id));
    expect_untouched(id);
}

TEST_F(jobs_test, cancelled_while_an_instance_starts_nothing_changed) {
    serve();
    cluster.hang_in = "start";
    const auto id = change_config();
    ASSERT_TRUE(world.until([&] { return info(id).step == "start"; }));
    ASSERT_TRUE(cancel(id));
    expect_untouched(id);
}

TEST_F(jobs_test, cancelled_while_it_waits_for_its_sandbox_nothing_is_left) {
    serve();
    cluster.hang_in = "sandbox";
    world.platform().deploys().expect_push("hello");
    const auto id = change_config();
    ASSERT_TRUE(world.until([&] { return info(id).step == "start"; }));
    const auto asked = cancel(id);
    ASSERT_TRUE(asked) << asked.error().message;
    expect_untouched(id);
}

TEST_F(jobs_test, cancelled_at_any_moment_it_ends_whole_or_not_at_all) {
    serve();
    for (const int turns : {0, 1, 2, 3, 5, 8, 12, 17, 23, 30, 40}) {
        const auto id = change_config();
        int left = turns;
        world.until([&] { return left-- <= 0; });
        const auto asked = cancel(id);
        const auto state = world.finish(id);
        const auto current = world.settle(world.platform().apps().info(world.who(), "hello")).value().version;
        EXPECT_EQ(state, asked ? job_state::aborted : job_state::succeeded);
        ASSERT_TRUE(world.until([&] { return cluster.containers.size() == 1 && cluster.sandboxes.empty(); })) << turns;
        EXPECT_EQ(cluster.containers.begin()->second.release, current);
        EXPECT_EQ(world.routed("hello").size(), 1u);
        const auto pending = world.settle(world.platform().apps().releases(world.who(), "hello")).value();
        for (const auto& r : pending)
            EXPECT_NE(r.state, release_state::pending);
        if (state != job_state::succeeded) continue;
        const auto undone =
            world.settle(world.platform().apps().set_config(world.who(), "hello", {{"COLOR", std::nullopt}})).value();
        EXPECT_EQ(world.finish(undone), job_state::succeeded);
    }
}

TEST_F(jobs_test, are_listed_for_those_who_may_use_the_app) {
    serve();
    const auto id = change_config();
    EXPECT_EQ(world.finish(id), job_state::succeeded);
    const auto mine = world.settle(world.platform().jobs().list(world.who(), "hello", 10)).value();
    ASSERT_EQ(mine.size(), 1u);
    EXPECT_EQ(mine[0].id, id);
    const auto bob = world.settle(world.platform().accounts().ensure_user("bob", "password", false)).value();
    EXPECT_TRUE(world.settle(world.platform().jobs().list(bob, "", 10)).value().empty());
    EXPECT_EQ(world.settle(world.platform().jobs().list(bob, "hello", 10)).error().code, "app_not_found");
    EXPECT_EQ(world.settle(world.platform().jobs().cancel(bob, id)).error().code, "job_not_found");
    const auto tree = world.settle(world.platform().jobs().info(world.who(), id)).value();
    ASSERT_GE(tree.steps.size(), 3u);
    for (const auto& step : tree.steps)
        EXPECT_EQ(step.state, job_state::succeeded) << step.name;
}

TEST_F(jobs_test, of_a_destroyed_app_are_no_ones) {
    serve();
    const auto id = change_config();
    EXPECT_EQ(world.finish(id), job_state::succeeded);
    EXPECT_TRUE(world.settle(world.platform().apps().destroy(world.who(), "hello", "hello")));
    EXPECT_EQ(world.settle(world.jobs().info(id)).error().code, "job_not_found");
    EXPECT_FALSE(std::filesystem::exists(dir.path() / "jobs" / (std::to_string(id.value) + ".log")));
}

TEST_F(jobs_test, a_clock_that_jumps_a_year_ahead_makes_none_old_and_starts_nothing_anew) {
    auto& p = world.platform().shared();
    p.clock = [this] { return now() + wrong; };
    serve();
    const auto id = change_config();
    ASSERT_EQ(world.finish(id), job_state::succeeded);
    ASSERT_TRUE(world.until([&] { return cluster.containers.size() == 1; }));
    const auto serving = cluster.containers.begin()->first;
    wrong = std::chrono::hours(24 * 365);
    EXPECT_EQ(world.settle(control::collect_ended_jobs(p)), 0u);
    wrong = std::chrono::hours(-24 * 365);
    EXPECT_EQ(world.settle(control::collect_ended_jobs(p)), 0u);
    EXPECT_EQ(info(id).state, job_state::succeeded);
    ASSERT_TRUE(world.settle(control::look_around(p)));
    EXPECT_EQ(cluster.containers.begin()->first, serving);
    EXPECT_EQ(cluster.containers.size(), 1u);
    wrong = std::chrono::hours(0);
    world.store([](SQLite::Database& db) { db.exec("UPDATE jobs SET finished = 1"); });
    EXPECT_GE(world.settle(control::collect_ended_jobs(p)), 1u) << "but what is old goes";
}

}  // namespace
}  // namespace gasper
