// Deadlines, scopes and blocking pools: what every coroutine relies on.
#include <gtest/gtest.h>

#include <boost/system/system_error.hpp>
#include <stdexcept>
#include <thread>

#include "core/base/blocking.hpp"
#include "core/base/deadline.hpp"
#include "core/base/join.hpp"
#include "core/base/task_scope.hpp"
#include "tests/support/run_task.hpp"

namespace gasper {
namespace {

using namespace std::chrono_literals;
using test::run_task;
using clock = std::chrono::steady_clock;

task<int> give(int value) {
    co_return value;
}
task<int> fall(std::string what) {
    throw std::runtime_error(what);
    co_return 0;
}
task<int> wait_for_ever() {
    co_await sleep_until(deadline::after(1h));
    co_return 1;
}
task<result<int>> refuse() {
    co_return fail(errc::conflict, "test", "no");
}

class tasks : public ::testing::Test {
 protected:
    std::vector<std::string> faults;
    asio::io_context io;
    task_scope scope{io.get_executor(), [this](auto& name, auto& what) { faults.push_back(name + ": " + what); }};
    void TearDown() override { EXPECT_TRUE(run_task(io, scope.stop(deadline::after(5s)))); }
};

TEST_F(tasks, with_deadline_passes_values_and_refusals_through) {
    EXPECT_EQ(run_task(io, with_deadline(give(7), deadline::after(5s), "it")).value(), 7);
    EXPECT_EQ(run_task(io, with_deadline(refuse(), deadline::after(5s), "it")).error().kind, errc::conflict);
}

// It ends without ever having waited, in a scope that it cancelled itself.
task<> cancel_all(task_scope& scope) {
    scope.cancel();
    co_return;
}

TEST_F(tasks, a_task_may_cancel_its_own_scope) {
    scope.spawn("first", cancel_all(scope));
    EXPECT_TRUE(run_task(io, scope.stop(deadline::after(5s))));
    EXPECT_TRUE(faults.empty());
}

TEST_F(tasks, with_deadline_refuses_late_work) {
    const auto got = run_task(io, with_deadline(wait_for_ever(), deadline::after(10ms), "it"));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, errc::deadline);
    EXPECT_EQ(got.error().message, "it took too long");
    EXPECT_FALSE(run_task(io, with_deadline(wait_for_ever(), deadline::after(-1s), "it")));
}

TEST_F(tasks, with_deadline_lets_a_fault_out_at_once) {
    const auto start = clock::now();
    EXPECT_THROW(run_task(io, with_deadline(fall("broken"), deadline::after(60s), "it")), std::runtime_error);
    EXPECT_LT(clock::now() - start, 5s);
}

TEST_F(tasks, cancellation_of_nested_deadlines_is_no_fault) {
    bool cancelled = false;
    auto work = [](bool& seen) -> task<> {
        try {
            auto inner = with_deadline(wait_for_ever(), deadline::after(1h), "inner");
            (void)co_await with_deadline(std::move(inner), deadline::after(1h), "outer");
        } catch (const boost::system::system_error& e) {
            seen = e.code() == asio::error::operation_aborted;
            throw;
        }
    };
    scope.spawn("nested", work(cancelled));
    EXPECT_TRUE(run_task(io, scope.stop(deadline::after(5s))));
    EXPECT_TRUE(cancelled);
    EXPECT_TRUE(faults.empty());
}

TEST_F(tasks, a_scope_hears_faults_by_name_and_goes_on) {
    auto bad = []() -> task<> { (void)co_await fall("broken"); };
    scope.spawn("bad", bad());
    EXPECT_TRUE(test::run_until(io, [&] { return scope.size() == 0; }));
    EXPECT_EQ(faults, std::vector<std::string>{"bad: broken"});
}

TEST_F(tasks, cancellation_through_awaitable_operators_is_no_fault) {
    auto both = []() -> task<> {
        using namespace asio::experimental::awaitable_operators;
        (void)co_await (wait_for_ever() && wait_for_ever());
    };
    scope.spawn("both", both());
    EXPECT_TRUE(run_task(io, scope.stop(deadline::after(5s))));
    EXPECT_TRUE(faults.empty()) << faults[0];
}

// Throws once it is told to.
task<> fall_when(bool& told, std::string what) {
    while (!told)
        co_await sleep_until(deadline::after(1ms));
    throw std::runtime_error(what);
}

// Whatever wakes it, it falls.
task<> fall_when_woken() {
    try {
        (void)co_await wait_for_ever();
    } catch (const boost::system::system_error&) {
        throw std::runtime_error("woken");
    }
}

TEST_F(tasks, two_run_at_the_same_time_and_both_are_waited_for) {
    bool first = false, second = false;
    auto meet = [](bool& mine, bool& other) -> task<> {
        mine = true;
        while (!other)
            co_await sleep_until(deadline::after(1ms));
    };
    run_task(io, run_both(meet(first, second), meet(second, first)));
    EXPECT_TRUE(first && second);
}

TEST_F(tasks, of_two_that_fall_what_was_first_is_heard_on_either_side) {
    bool told = true;
    const auto heard = [&](task<> work) {
        try {
            run_task(io, std::move(work));
        } catch (const std::runtime_error& e) {
            return std::string(e.what());
        }
        return std::string("nothing");
    };
    EXPECT_EQ(heard(run_both(fall_when(told, "left"), fall_when_woken())), "left");
    EXPECT_EQ(heard(run_both(fall_when_woken(), fall_when(told, "right"))), "right");
    auto nothing = []() -> task<> { co_return; };
    EXPECT_EQ(heard(run_both(nothing(), fall_when(told, "right"))), "right");
}

TEST_F(tasks, cancelling_two_cancels_each_and_is_no_fault) {
    auto wait = []() -> task<> { (void)co_await wait_for_ever(); };
    scope.spawn("two", run_both(wait(), wait()));
    EXPECT_TRUE(run_task(io, scope.stop(deadline::after(5s))));
    EXPECT_TRUE(faults.empty());
}

TEST_F(tasks, a_cancelled_scope_takes_no_more_work) {
    scope.cancel();
    bool ran = false;
    auto late = [](bool& flag) -> task<> {
        flag = true;
        co_return;
    };
    scope.spawn("late", late(ran));
    EXPECT_EQ(scope.size(), 0u);
    EXPECT_FALSE(ran);
}

TEST_F(tasks, stop_is_bounded_by_its_deadline) {
    bool release = false;
    auto stubborn = [](bool& go) -> task<> {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        while (!go)
            co_await sleep_until(deadline::after(1ms));
    };
    scope.spawn("stubborn", stubborn(release));
    EXPECT_FALSE(run_task(io, scope.stop(deadline::after(20ms))));
    EXPECT_EQ(scope.size(), 1u);
    release = true;
    EXPECT_TRUE(test::run_until(io, [&] { return scope.size() == 0; }));
}

TEST_F(tasks, a_blocking_pool_works_elsewhere_and_comes_home) {
    blocking_pool pool("test", 2);
    auto where = [](blocking_pool& on) -> task<std::pair<std::thread::id, std::thread::id>> {
        const auto work = [] { return std::this_thread::get_id(); };
        const auto there = co_await on.run(work);
        co_return std::pair{there, std::this_thread::get_id()};
    };
    const auto [there, home] = run_task(io, where(pool));
    EXPECT_NE(there, std::this_thread::get_id());
    EXPECT_EQ(home, std::this_thread::get_id());
}

TEST_F(tasks, a_blocking_pool_brings_faults_home) {
    blocking_pool pool("test", 1);
    const auto work = []() -> int { throw std::runtime_error("broken"); };
    EXPECT_THROW(run_task(io, pool.run(work)), std::runtime_error);
}

TEST_F(tasks, a_blocking_pool_takes_move_only_work_and_destroys_it_once) {
    blocking_pool pool("test", 1);
    auto owned = std::make_shared<int>(7);
    auto with_temporary = [](blocking_pool& on, std::shared_ptr<int> p) -> task<int> {
        auto work = [p, only = std::make_unique<int>(1)] { return *p + *only; };
        co_return co_await on.run(std::move(work));
    };
    EXPECT_EQ(run_task(io, with_temporary(pool, owned)), 8);
    EXPECT_EQ(owned.use_count(), 1);
}

TEST_F(tasks, cancelled_blocking_work_is_waited_for) {
    blocking_pool pool("test", 2);
    std::atomic<bool> started{false}, release{false}, ended{false};
    auto block = [](blocking_pool& on, auto& a, auto& b, auto& c) -> task<> {
        const auto work = [&] {
            a = true;
            a.notify_all();
            b.wait(false);
            c = true;
        };
        co_await on.run(work);
    };
    scope.spawn("block", block(pool, started, release, ended));
    ASSERT_TRUE(test::run_until(io, [&] { return started.load(); }));
    EXPECT_FALSE(run_task(io, scope.stop(deadline::after(20ms))));
    EXPECT_FALSE(ended);
    release = true;
    release.notify_all();
    EXPECT_TRUE(run_task(io, scope.stop(deadline::after(5s))));
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace gasper
