#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "core/jobs/runner.hpp"
#include "core/store/jobs.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class job_runner_test : public testing::Test {
 protected:
    ~job_runner_test() override { settle(runner_.stop(deadline::after(std::chrono::seconds(5)))); }

    template <class T>
    T settle(task<T> work) {
        std::optional<T> value;
        auto keep = [](task<T> w, std::optional<T>& v) -> task<> { v.emplace(co_await std::move(w)); };
        asio::co_spawn(io_, keep(std::move(work), value), asio::detached);
        const auto until = deadline::after(std::chrono::seconds(10));
        io_.restart();
        while (!value && !until.expired())
            io_.run_one_for(std::chrono::milliseconds(50));
        return std::move(value.value());
    }

    void wait(job_id id, job_state wanted) {
        const auto until = deadline::after(std::chrono::seconds(10));
        while (settle(runner_.info(id))->state != wanted)
            ASSERT_FALSE(until.expired());
    }

    static task<result<>> succeed(job_context& job, std::string line) {
        co_await job.step("only");
        job.say(line);
        co_return result<>();
    }
    static task<result<>> refuse(job_context&) { co_return fail(errc::failed, "no", "it did not work"); }
    static task<result<>> blow_up(job_context&) {
        throw std::runtime_error("bang");
        co_return result<>();
    }
    static task<result<>> hang(job_context& job) {
        co_await job.step("hanging");
        co_await sleep_until(deadline::after(std::chrono::hours(1)));
        co_return result<>();
    }

    static task<result<>> commit_and_hang(job_context& job) {
        job.commit();
        co_await job.step("committed");
        co_await sleep_until(deadline::after(std::chrono::hours(1)));
        co_return result<>();
    }
    /// Makes something, is cut, and clears it away with work that waits itself.
    static task<result<>> make_and_clear(job_context& job, bool& there) {
        auto made = co_await job.guard(hang_with(job, there));
        if (made) co_return result<>();
        co_await job.step("clearing away");
        co_await sleep_until(deadline::after(std::chrono::milliseconds(5)));
        there = false;
        co_return made.error();
    }
    static task<result<>> hang_with(job_context& job, bool& there) {
        co_await job.step("making");
        there = true;
        co_await sleep_until(deadline::after(std::chrono::hours(1)));
        co_return result<>();
    }

    std::vector<job_step> steps(job_id id) {
        return settle(db_.read([id](SQLite::Database& db) { return store::steps_of(db, id); }));
    }
    std::vector<std::string> lines(job_id id) { return settle(settle(runner_.log_of(id)).value()->read(0)); }

    static job about(const std::string& key) { return {.kind = "test", .key = key, .input = "{}", .user = "ann"}; }

    test::temporary_directory dir_;
    asio::io_context io_{1};
    logger log_{"test", log_level::error};
    database db_{dir_.path() / "gasper.db"};
    job_runner runner_{io_.get_executor(), db_, {.logs = dir_.path() / "jobs", .most_waiting = 2}, log_};
};

TEST_F(job_runner_test, runs_a_job_and_keeps_its_log) {
    const auto run = [](job_context& j) { return succeed(j, "hello"); };
    const auto id = settle(runner_.start(about("app"), run)).value();
    wait(id, job_state::succeeded);
    const auto log = settle(runner_.log_of(id)).value();
    EXPECT_EQ(settle(log->read(0)), std::vector<std::string>{"hello"});
    EXPECT_TRUE(settle(log->read(1)).empty());
    EXPECT_FALSE(runner_.busy("app"));
}

TEST_F(job_runner_test, keeps_the_reason_of_a_refusal_and_of_a_fault) {
    const auto refused = settle(runner_.start(about("a"), refuse)).value();
    const auto faulty = settle(runner_.start(about("b"), blow_up)).value();
    wait(refused, job_state::failed);
    wait(faulty, job_state::failed);
    EXPECT_EQ(settle(runner_.info(refused))->reason, "it did not work");
    EXPECT_NE(settle(runner_.info(faulty))->reason.find("bang"), std::string::npos);
}

TEST_F(job_runner_test, runs_one_job_per_key_in_order_and_bounds_the_queue) {
    const auto first = settle(runner_.start(about("app"), hang)).value();
    wait(first, job_state::running);
    const auto run = [](job_context& j) { return succeed(j, "later"); };
    const auto second = settle(runner_.start(about("app"), run)).value();
    EXPECT_EQ(settle(runner_.info(second))->state, job_state::waiting);
    EXPECT_TRUE(settle(runner_.start(about("app"), run)));
    const auto over = settle(runner_.start(about("app"), run));
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().code, "too_many_jobs");
    const auto other = settle(runner_.start(about("other"), run)).value();
    wait(other, job_state::succeeded);
}

TEST_F(job_runner_test, leaves_a_cancelled_job_to_the_next_start) {
    const auto id = settle(runner_.start(about("app"), hang)).value();
    wait(id, job_state::running);
    EXPECT_TRUE(settle(runner_.stop(deadline::after(std::chrono::seconds(5)))));
    job_runner next(io_.get_executor(), db_, {.logs = dir_.path() / "jobs"}, log_);
    const auto open = settle(next.interrupted());
    ASSERT_EQ(open.size(), 1u);
    EXPECT_EQ(open[0].id, id);
    EXPECT_EQ(open[0].step, "hanging");
}

TEST_F(job_runner_test, refuses_a_job_that_is_not_there) {
    EXPECT_EQ(settle(runner_.info({99})).error().code, "job_not_found");
    EXPECT_EQ(settle(runner_.log_of({99})).error().code, "job_not_found");
}

TEST_F(job_runner_test, keeps_each_step_with_its_beginning_and_its_end) {
    const auto two = [](job_context& j) -> task<result<>> {
        co_await j.step("first");
        co_await j.step("second");
        co_return fail(errc::failed, "no", "it did not work");
    };
    const auto id = settle(runner_.start(about("app"), two)).value();
    wait(id, job_state::failed);
    const auto kept = steps(id);
    ASSERT_EQ(kept.size(), 2u);
    EXPECT_EQ(kept[0].name, "first");
    EXPECT_EQ(kept[0].state, job_state::succeeded);
    EXPECT_EQ(kept[1].state, job_state::failed);
    EXPECT_NE(kept[1].ended, sys_time{});
}

TEST_F(job_runner_test, cancels_a_running_job_and_goes_on_with_the_next) {
    const auto id = settle(runner_.start(about("app"), hang)).value();
    wait(id, job_state::running);
    const auto run = [](job_context& j) { return succeed(j, "later"); };
    const auto next = settle(runner_.start(about("app"), run)).value();
    EXPECT_TRUE(settle(runner_.cancel(id, "bob")));
    wait(id, job_state::aborted);
    EXPECT_EQ(settle(runner_.info(id))->reason, "cancelled by bob");
    wait(next, job_state::succeeded);
}

TEST_F(job_runner_test, cancels_a_waiting_job_without_running_it) {
    const auto first = settle(runner_.start(about("app"), hang)).value();
    wait(first, job_state::running);
    const auto run = [](job_context& j) { return succeed(j, "it ran"); };
    const auto second = settle(runner_.start(about("app"), run)).value();
    EXPECT_TRUE(settle(runner_.cancel(second, "bob")));
    wait(second, job_state::aborted);
    for (const auto& line : lines(second))
        EXPECT_NE(line, "it ran");
    EXPECT_EQ(settle(runner_.info(first))->state, job_state::running);
}

TEST_F(job_runner_test, a_cancelled_job_clears_away_what_it_made) {
    bool there = false;
    const auto run = [&there](job_context& j) { return make_and_clear(j, there); };
    const auto id = settle(runner_.start(about("app"), run)).value();
    while (!there)
        settle(runner_.info(id));
    EXPECT_TRUE(settle(runner_.cancel(id, "bob")));
    wait(id, job_state::aborted);
    EXPECT_FALSE(there);
    EXPECT_EQ(steps(id).back().name, "clearing away");
}

TEST_F(job_runner_test, the_end_of_the_program_does_not_clear_away) {
    bool there = false;
    const auto run = [&there](job_context& j) { return make_and_clear(j, there); };
    const auto id = settle(runner_.start(about("app"), run)).value();
    while (!there)
        settle(runner_.info(id));
    EXPECT_TRUE(settle(runner_.stop(deadline::after(std::chrono::seconds(5)))));
    EXPECT_TRUE(there);
    EXPECT_EQ(settle(runner_.info(id))->state, job_state::running);
}

TEST_F(job_runner_test, refuses_to_cancel_what_is_visible_or_over) {
    const auto id = settle(runner_.start(about("app"), commit_and_hang)).value();
    while (settle(runner_.info(id))->step != "committed") {
    }
    EXPECT_EQ(settle(runner_.cancel(id, "bob")).error().code, "job_committed");
    const auto run = [](job_context& j) { return succeed(j, "done"); };
    const auto over = settle(runner_.start(about("other"), run)).value();
    wait(over, job_state::succeeded);
    EXPECT_EQ(settle(runner_.cancel(over, "bob")).error().code, "job_over");
    EXPECT_EQ(settle(runner_.cancel({99}, "bob")).error().code, "job_not_found");
}

TEST_F(job_runner_test, cancelling_a_job_cancels_what_it_began) {
    const auto parent = settle(runner_.start(about("app"), hang)).value();
    auto description = about("app/part");
    description.parent = parent;
    const auto child = settle(runner_.start(description, hang)).value();
    wait(child, job_state::running);
    wait(parent, job_state::running);
    const auto children = settle(db_.read([&](SQLite::Database& db) { return store::children_of(db, parent); }));
    ASSERT_EQ(children.size(), 1u);
    EXPECT_EQ(children[0].id, child);
    EXPECT_TRUE(settle(runner_.cancel(parent, "bob")));
    wait(parent, job_state::aborted);
    wait(child, job_state::aborted);
}

}  // namespace
}  // namespace gasper
