#include <gtest/gtest.h>

#include "core/store/cron.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class cron_test : public testing::Test {
 protected:
    void SetUp() override { restart(); }

    /// What a kill -9 and a new start are to the store, the cluster and the clock.
    void restart() {
        world.reset();
        world = std::make_unique<test::control_world>(dir.path(), cluster);
        world->platform().shared().cron.clock = [this] { return at; };
    }

    void serve() {
        world->deployed("hello");
        recover();
    }
    void recover() { ASSERT_TRUE(world->settle(world->platform().recover())); }

    cron_id add(const std::string& schedule, cron_overlap overlap = cron_overlap::allow) {
        cron_line line{.schedule = schedule, .command = "tick", .overlap = overlap};
        return world->settle(world->platform().cron().add(world->who(), "hello", std::move(line))).value().entry.id;
    }

    void pass(std::chrono::milliseconds time) {
        at += time;
        world->platform().shared().cron.wake();
    }
    /// The clock's loop has gone round at the time that it is now.
    void go_round() {
        auto& board = world->platform().shared().cron;
        // One that goes on may have begun before the clock was set; the one after it has not.
        for (int n = 0; n < 2; ++n) {
            const auto before = board.rounds;
            board.wake();
            ASSERT_TRUE(world->until([&] { return board.rounds > before; }));
        }
    }

    std::vector<std::string> outcomes(cron_id id) {
        std::vector<std::string> all;
        for (const auto& r : world->settle(world->platform().cron().history(world->who(), "hello", id.value)).value())
            all.push_back(r.outcome);
        return all;
    }
    bool noted(const std::string& text) {
        const auto events = world->store(
            [](SQLite::Database& db) { return store::events_of(db, store::find_app(db, "hello")->id, 0, 1000); });
        return std::any_of(events.begin(), events.end(),
                           [&](const auto& e) { return e.text.find(text) != std::string::npos; });
    }
    bool ran(std::size_t times) {
        return world->until([&] { return cluster.once.size() == times; });
    }

    using strings = std::vector<std::string>;
    sys_time at{sys_time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + hours(12))};
    test::temporary_directory dir;
    test::scripted_cluster cluster;
    std::unique_ptr<test::control_world> world;
};

TEST_F(cron_test, runs_at_its_times_each_once) {
    serve();
    const auto id = add("*/5 * * * *");
    pass(minutes(4) + seconds(59));
    go_round();
    EXPECT_TRUE(cluster.once.empty());
    pass(seconds(1));
    ASSERT_TRUE(ran(1));
    EXPECT_EQ(cluster.once[0].command, "tick");
    EXPECT_EQ(cluster.once[0].env.at("GASPER_INSTANCE"), "cron.1");
    EXPECT_TRUE(world->until([&] { return outcomes(id) == strings{"succeeded"}; }));
    pass(seconds(1));
    go_round();
    EXPECT_EQ(cluster.once.size(), 1u);
    pass(minutes(5));
    EXPECT_TRUE(ran(2));
}

TEST_F(cron_test, a_run_that_fails_says_so_and_keeps_its_log) {
    serve();
    cluster.once_status = 3;
    const auto id = add("@hourly");
    pass(hours(1));
    ASSERT_TRUE(world->until([&] { return outcomes(id) == strings{"failed"}; }));
    EXPECT_TRUE(world->until([&] { return noted("status 3"); }));
    const auto run = world->settle(world->platform().cron().history(world->who(), "hello", id.value)).value().front();
    const auto log = world->settle(world->settle(world->jobs().log_of(run.job)).value()->read(0));
    EXPECT_EQ(log.at(0), "output of tick");
}

TEST_F(cron_test, a_run_goes_on_over_a_restart_and_is_never_repeated) {
    serve();
    cluster.hang_in = "run_once";
    const auto id = add("@hourly", cron_overlap::forbid);
    pass(hours(1));
    ASSERT_TRUE(ran(1));
    restart();
    recover();
    go_round();
    EXPECT_EQ(outcomes(id), strings{"running"});
    pass(hours(1));
    EXPECT_TRUE(world->until([&] {
        return outcomes(id) == strings{"skipped", "running"};
    })) << "what goes on keeps its place";
    cluster.hang_in.clear();
    EXPECT_TRUE(world->until([&] { return outcomes(id) == strings{"skipped", "succeeded"}; }));
    go_round();
    EXPECT_EQ(cluster.once.size(), 1u);
    EXPECT_TRUE(world->until([&] { return cluster.kept.empty(); }));
}

TEST_F(cron_test, a_run_whose_container_is_gone_after_a_restart_has_failed) {
    serve();
    cluster.hang_in = "run_once";
    const auto id = add("@hourly");
    pass(hours(1));
    ASSERT_TRUE(ran(1));
    restart();
    cluster.kept.clear();
    cluster.hang_in.clear();
    recover();
    EXPECT_TRUE(world->until([&] { return outcomes(id) == strings{"failed"}; }));
    EXPECT_TRUE(world->until([&] { return noted("its container is gone"); }));
    go_round();
    EXPECT_EQ(cluster.once.size(), 1u);
}

TEST_F(cron_test, a_run_claimed_before_a_kill_is_not_begun_by_the_next_process) {
    serve();
    const auto id = add("@hourly");
    world->store([&](SQLite::Database& db) { return store::claim_cron_run(db, id, at + hours(1), "running"); });
    restart();
    pass(hours(1));
    recover();
    EXPECT_TRUE(world->until([&] { return outcomes(id) == strings{"interrupted"}; }));
    go_round();
    EXPECT_TRUE(cluster.once.empty());
}

TEST_F(cron_test, what_was_due_while_nobody_was_there_is_reported_but_for_the_last_minutes) {
    serve();
    const auto id = add("@hourly");
    restart();
    pass(hours(3) + minutes(30));
    recover();
    EXPECT_TRUE(world->until([&] { return noted("3 runs missed"); }));
    EXPECT_EQ(outcomes(id), (strings{"missed", "missed", "missed"}));
    EXPECT_TRUE(cluster.once.empty());
    restart();
    pass(minutes(32));
    recover();
    EXPECT_TRUE(ran(1)) << "two minutes late is not too late";
}

TEST_F(cron_test, a_clock_that_is_put_back_repeats_nothing) {
    serve();
    add("*/5 * * * *");
    pass(minutes(5));
    ASSERT_TRUE(ran(1));
    pass(-minutes(3));
    go_round();
    pass(minutes(3));
    go_round();
    EXPECT_EQ(cluster.once.size(), 1u);
}

TEST_F(cron_test, a_clock_that_jumps_a_day_ahead_and_back_runs_nothing_twice_and_leaves_nothing_out) {
    serve();
    const auto id = add("0 * * * *");
    pass(hours(1));
    ASSERT_TRUE(ran(1));
    pass(hours(24) + minutes(2));
    ASSERT_TRUE(ran(2)) << "one of the day, not all";
    EXPECT_TRUE(noted("23 runs missed"));
    pass(-hours(24));
    go_round();
    EXPECT_EQ(cluster.once.size(), 2u);
    for (std::size_t hour = 0; hour < 23; ++hour) {
        pass(hours(1));
        ASSERT_TRUE(ran(3 + hour)) << "what a wrong clock missed is run when its time comes";
        EXPECT_TRUE(world->until([&] { return outcomes(id)[1] == "succeeded"; }));
    }
    pass(hours(1));
    go_round();
    EXPECT_EQ(cluster.once.size(), 25u) << "this one was run when the clock was ahead";
    pass(hours(1));
    EXPECT_TRUE(ran(26));
}

TEST_F(cron_test, a_clock_that_jumps_a_day_back_and_ahead_runs_nothing_twice_either) {
    serve();
    add("@hourly");
    for (std::size_t hour = 0; hour < 3; ++hour) {
        pass(hours(1));
        ASSERT_TRUE(ran(1 + hour));
    }
    pass(-hours(24));
    go_round();
    EXPECT_EQ(cluster.once.size(), 3u);
    pass(hours(24));
    go_round();
    EXPECT_EQ(cluster.once.size(), 3u);
    EXPECT_FALSE(noted("missed"));
    pass(hours(1));
    EXPECT_TRUE(ran(4));
}

TEST_F(cron_test, goes_on_by_a_clock_that_was_put_right_while_nobody_was_there) {
    serve();
    add("@hourly");
    pass(hours(1));
    ASSERT_TRUE(ran(1));
    restart();
    pass(-hours(24 * 30));
    recover();
    go_round();
    EXPECT_EQ(cluster.once.size(), 1u);
    pass(hours(1));
    EXPECT_TRUE(ran(2)) << "and does not wait for a month";
}

TEST_F(cron_test, forbid_leaves_a_run_out_while_the_one_before_goes_on) {
    serve();
    cluster.hang_in = "run_once";
    const auto id = add("@hourly", cron_overlap::forbid);
    pass(hours(1));
    ASSERT_TRUE(ran(1));
    pass(hours(1));
    EXPECT_TRUE(world->until([&] { return outcomes(id) == strings{"skipped", "running"}; }));
    EXPECT_EQ(cluster.once.size(), 1u);
    EXPECT_EQ(world->settle(world->platform().cron().run(world->who(), "hello", id.value)).error().code, "cron_busy");
}

TEST_F(cron_test, replace_ends_the_one_before) {
    serve();
    cluster.hang_in = "run_once";
    const auto id = add("@hourly", cron_overlap::replace);
    pass(hours(1));
    ASSERT_TRUE(ran(1));
    pass(hours(1));
    ASSERT_TRUE(ran(2));
    EXPECT_TRUE(world->until([&] { return outcomes(id) == strings{"running", "aborted"}; }));
}

TEST_F(cron_test, allow_runs_both) {
    serve();
    cluster.hang_in = "run_once";
    const auto id = add("@hourly");
    pass(hours(1));
    ASSERT_TRUE(ran(1));
    pass(hours(1));
    ASSERT_TRUE(ran(2));
    EXPECT_EQ(outcomes(id), (strings{"running", "running"}));
}

TEST_F(cron_test, entries_of_a_file_follow_the_release_that_serves) {
    serve();
    const auto listed = [&] {
        strings all;
        for (const auto& v : world->settle(world->platform().cron().list(world->who(), "hello")).value())
            all.push_back(v.entry.line.command);
        return all;
    };
    const auto deploy = [&](std::vector<cron_line> lines) {
        world->store([&](SQLite::Database& db) {
            auto r = store::add_release(db, world->box(),
                                        {.app = store::find_app(db, "hello")->id,
                                         .commit = std::string(40, 'b'),
                                         .description = "Deploy",
                                         .user = "ann",
                                         .code = {"", "stack"},
                                         .processes = {{"web", "serve"}}});
            store::set_cron_lines(db, r.id, lines);
            store::make_current(db, r, "static", {{"web", 1}});
        });
    };
    deploy({{.schedule = "@hourly", .command = "report"}, {.schedule = "@daily", .command = "clean"}});
    EXPECT_EQ(listed(), (strings{"report", "clean"}));
    const auto changed =
        world->settle(world->platform().apps().set_config(world->who(), "hello", {{"A", "b"}})).value();
    EXPECT_EQ(world->finish(changed), job_state::succeeded);
    EXPECT_EQ(listed(), (strings{"report", "clean"})) << "a config change keeps them";
    const auto views = world->settle(world->platform().cron().list(world->who(), "hello")).value();
    const auto id = views.front().entry.id;
    EXPECT_EQ(world->settle(world->platform().cron().remove(world->who(), "hello", id.value)).error().code,
              "cron_from_file");
    deploy({{.schedule = "@hourly", .command = "report"}});
    EXPECT_EQ(listed(), strings{"report"});
    EXPECT_EQ(world->settle(world->platform().cron().list(world->who(), "hello")).value().front().entry.id, id)
        << "with its history";
    const auto back = world->settle(world->platform().apps().rollback(world->who(), "hello", 1)).value();
    EXPECT_EQ(world->finish(back), job_state::succeeded);
    EXPECT_TRUE(listed().empty());
}

TEST_F(cron_test, refuses_what_is_no_entry) {
    serve();
    auto refusal = [&](cron_line line) {
        return world->settle(world->platform().cron().add(world->who(), "hello", std::move(line))).error().code;
    };
    EXPECT_EQ(refusal({.schedule = "* * * *", .command = "x"}), "schedule_invalid");
    EXPECT_EQ(refusal({.schedule = "@daily", .zone = "Mars/Olympus", .command = "x"}), "time_zone_unknown");
    EXPECT_EQ(refusal({.schedule = "@daily", .command = " "}), "command_missing");
    for (int n = 0; n < 50; ++n)
        add("@daily");
    EXPECT_EQ(refusal({.schedule = "@daily", .command = "x"}), "too_many_cron_entries");
    EXPECT_EQ(world->settle(world->platform().cron().run(world->who(), "hello", 999)).error().code, "cron_not_found");
}

}  // namespace
}  // namespace gasper
