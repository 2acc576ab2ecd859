#include <gtest/gtest.h>

#include "core/backups/retention.hpp"

namespace gasper {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using namespace std::chrono_literals;

sys_seconds at(int y, unsigned m, unsigned d, int hour = 3) {
    return sys_days(std::chrono::year(y) / static_cast<int>(m) / static_cast<int>(d)) + hours(hour);
}

// Backups of the last `n` days, the oldest first, each at three.
std::vector<sys_seconds> daily(int n, sys_seconds last) {
    std::vector<sys_seconds> out;
    for (int i = n - 1; i >= 0; --i)
        out.push_back(last - days(i));
    return out;
}

std::vector<sys_seconds> left(const keep_rule& rule, std::vector<sys_seconds> taken, sys_seconds now) {
    const auto gone = superfluous(rule, taken, now);
    for (auto i = gone.rbegin(); i != gone.rend(); ++i)
        taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(*i));
    return taken;
}

TEST(backup_retention_test, keeps_days_weeks_and_months_each_for_itself) {
    const auto now = at(2026, 7, 15);  // a Wednesday
    const auto kept = left({3, 2, 2}, daily(120, now), now);
    const std::vector<sys_seconds> expected{at(2026, 6, 30), at(2026, 7, 12), at(2026, 7, 13), at(2026, 7, 14), now};
    EXPECT_EQ(kept, expected);
}

TEST(backup_retention_test, is_stable_when_it_is_asked_every_day) {
    const keep_rule rule{7, 4, 6};
    std::vector<sys_seconds> taken;
    for (auto now = at(2025, 1, 1); now <= at(2026, 12, 31); now += days(1)) {
        taken.push_back(now);
        taken = left(rule, taken, now);
        ASSERT_LE(taken.size(), 17u);
        EXPECT_EQ(left(rule, taken, now), taken) << "asked again, nothing more goes";
    }
    // Seven days, the Sundays before, the ends of the five months before.
    EXPECT_NE(std::find(taken.begin(), taken.end(), at(2026, 8, 31)), taken.end());
    EXPECT_NE(std::find(taken.begin(), taken.end(), at(2026, 12, 25)), taken.end());
    EXPECT_EQ(std::find(taken.begin(), taken.end(), at(2026, 6, 30)), taken.end());
}

TEST(backup_retention_test, counts_days_that_have_a_backup_not_days_of_the_calendar) {
    const auto now = at(2026, 7, 15);
    const std::vector<sys_seconds> taken{now - days(300), now - days(200), now - days(100)};
    EXPECT_EQ(left({3, 0, 0}, taken, now), taken) << "a long silence must not cost the last backups";
}

TEST(backup_retention_test, keeps_the_newest_of_a_day_and_never_none) {
    const auto now = at(2026, 7, 15, 23);
    const std::vector<sys_seconds> taken{at(2026, 7, 15, 1), at(2026, 7, 15, 9), at(2026, 7, 15, 5)};
    EXPECT_EQ(superfluous({1, 0, 0}, taken, now), (std::vector<std::size_t>{0, 2}));
    EXPECT_EQ(superfluous({0, 0, 0}, {now}, now), std::vector<std::size_t>{});
    EXPECT_EQ(superfluous({1, 1, 1}, {}, now), std::vector<std::size_t>{});
}

TEST(backup_retention_test, a_clock_that_ran_ahead_costs_nothing) {
    const auto now = at(2026, 7, 15);
    auto taken = daily(3, now);
    taken.push_back(at(2099, 1, 1));
    EXPECT_EQ(left({3, 0, 0}, taken, now), taken) << "the one from the future takes no day's place";
}

TEST(backup_retention_test, a_clock_set_back_deletes_nothing_from_after_it) {
    const auto now = at(2026, 1, 1);
    const auto taken = daily(50, at(2026, 7, 15));
    EXPECT_TRUE(superfluous({1, 1, 1}, taken, now).empty());
}

TEST(backup_retention_test, weeks_begin_on_monday_before_1970_too) {
    const auto sunday = sys_seconds(sys_days(std::chrono::year(1969) / 12 / 28)), monday = sunday + days(1);
    EXPECT_EQ(superfluous({0, 5, 0}, {sunday, monday, monday + days(2)}, monday + days(9)),
              (std::vector<std::size_t>{1}));
}

TEST(backup_retention_test, reads_and_writes_rules) {
    EXPECT_EQ(*parse_keep_rule("daily=7,weekly=4,monthly=6"), (keep_rule{7, 4, 6}));
    EXPECT_EQ(*parse_keep_rule("weekly=2"), (keep_rule{0, 2, 0}));
    EXPECT_EQ(to_string(*parse_keep_rule("monthly=1,daily=3")), "daily=3,weekly=0,monthly=1");
    for (const auto* bad : {"", "daily", "daily=", "daily=-1", "daily=1001", "hourly=3", "daily=1,", "daily=1,daily=2",
                            "daily=0,weekly=0", "daily=1x", "daily=99999999999"})
        EXPECT_FALSE(parse_keep_rule(bad)) << bad;
}

}  // namespace
}  // namespace gasper
