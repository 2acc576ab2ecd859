#include "control/cron_plan.hpp"

#include <gtest/gtest.h>

namespace gasper::control {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

const sys_seconds noon{std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + hours(12)};

cron_plan plan_of(const char* schedule, sys_seconds seen, sys_seconds now) {
    return plan_cron(cron_expression::parse(schedule).value(), time_zone(), seen, now, seconds(300));
}

TEST(cron_plan_test, nothing_is_due_before_its_time) {
    const auto p = plan_of("@hourly", noon, noon + minutes(59));
    EXPECT_FALSE(p.run);
    EXPECT_TRUE(p.missed.empty());
    EXPECT_EQ(p.next, noon + hours(1));
}

TEST(cron_plan_test, runs_what_is_due_now) {
    const auto p = plan_of("@hourly", noon, noon + hours(1));
    EXPECT_EQ(p.run, noon + hours(1));
    EXPECT_EQ(p.next, noon + hours(2));
    EXPECT_EQ(p.missed_count, 0);
}

TEST(cron_plan_test, runs_the_last_of_several_and_counts_the_others) {
    const auto p = plan_of("* * * * *", noon, noon + minutes(4));
    EXPECT_EQ(p.run, noon + minutes(4));
    EXPECT_EQ(p.missed_count, 3);
    EXPECT_EQ(p.missed.size(), 3u);
}

TEST(cron_plan_test, what_is_later_than_the_grace_is_missed) {
    const auto p = plan_of("@hourly", noon, noon + hours(2) + seconds(301));
    EXPECT_FALSE(p.run);
    EXPECT_EQ(p.missed_count, 2);
    EXPECT_EQ(p.missed.back(), noon + hours(2));
    EXPECT_EQ(plan_of("@hourly", noon, noon + hours(2) + seconds(300)).run, noon + hours(2));
}

TEST(cron_plan_test, a_long_absence_is_bounded) {
    const auto p = plan_of("* * * * *", noon, noon + hours(24 * 365));
    EXPECT_EQ(p.run, noon + hours(24 * 365));
    EXPECT_EQ(p.missed_count, 1000);
    EXPECT_EQ(p.missed.size(), 10u);
    EXPECT_EQ(p.next, noon + hours(24 * 365) + minutes(1));
}

}  // namespace
}  // namespace gasper::control
