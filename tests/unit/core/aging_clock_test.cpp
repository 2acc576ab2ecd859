#include "core/base/aging_clock.hpp"

#include <gtest/gtest.h>

namespace gasper {
namespace {

using namespace std::chrono_literals;

struct aging_clock_test : testing::Test {
    /// So much time goes by; the wall clock shows `wrong` more than it should.
    aging_clock::wall_time after(std::chrono::minutes time, std::chrono::hours wrong = 0h) {
        right += time;
        ticks += time;
        return clock.at(right + wrong, ticks);
    }

    aging_clock::wall_time right{std::chrono::sys_days(std::chrono::year(2026) / 11 / 20)};
    aging_clock::ticks::time_point ticks{1000h};
    aging_clock clock;
};

TEST_F(aging_clock_test, goes_with_the_wall_clock) {
    EXPECT_EQ(after(0min), right);
    EXPECT_EQ(after(90min), right);
    EXPECT_EQ(after(48h), right);
}

TEST_F(aging_clock_test, a_clock_that_is_ahead_for_a_while_makes_nothing_older) {
    (void)after(0min);
    for (int hour = 0; hour < 23; ++hour)
        EXPECT_EQ(after(60min, 24h * 365), right);
    EXPECT_EQ(after(60min), right);
    EXPECT_EQ(after(60min, 24h), right) << "and has to begin anew";
}

TEST_F(aging_clock_test, one_that_stays_ahead_was_set_right) {
    (void)after(0min);
    (void)after(1min, 24h);
    EXPECT_EQ(after(23h, 24h), right);
    EXPECT_EQ(after(61min, 24h) - right, 24h);
    EXPECT_EQ(after(1min, 24h) - right, 24h);
}

TEST_F(aging_clock_test, one_that_goes_back_is_believed_at_once) {
    (void)after(0min);
    EXPECT_EQ(after(1min, -24h) - right, -24h);
    EXPECT_EQ(after(60min, -24h) - right, -24h);
    EXPECT_EQ(after(60min, 0h) - right, -24h) << "coming back it is ahead";
}

TEST_F(aging_clock_test, small_corrections_are_no_jump) {
    (void)after(0min);
    right += 4min;
    EXPECT_EQ(clock.at(right, ticks), right);
}

}  // namespace
}  // namespace gasper
