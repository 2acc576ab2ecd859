#include "core/base/cron_expression.hpp"

#include <gtest/gtest.h>

#include <iomanip>
#include <sstream>

namespace gasper {
namespace {

using std::chrono::sys_seconds;

sys_seconds utc(const std::string& text) {
    std::tm t{};
    std::istringstream(text) >> std::get_time(&t, "%Y-%m-%d %H:%M:%S");
    return sys_seconds(std::chrono::seconds(::timegm(&t)));
}

std::string text_of(sys_seconds at) {
    const std::time_t t = at.time_since_epoch().count();
    std::tm parts{};
    ::gmtime_r(&t, &parts);
    std::ostringstream out;
    out << std::put_time(&parts, "%Y-%m-%d %H:%M:%S");
    return out.str();
}

std::vector<std::string> times(const std::string& schedule, const std::string& after, std::size_t count,
                               const std::string& zone = "UTC") {
    const auto e = cron_expression::parse(schedule).value();
    const auto in = load_time_zone(zone).value();
    std::vector<std::string> found;
    for (auto at = utc(after); found.size() < count;) {
        const auto next = e.next(at, in);
        if (!next) break;
        found.push_back(text_of(*next));
        at = *next;
    }
    return found;
}

using strings = std::vector<std::string>;

TEST(cron_expression_test, finds_times_in_utc) {
    EXPECT_EQ(times("30 2 * * *", "2026-03-01 02:30:00", 2), (strings{"2026-03-02 02:30:00", "2026-03-03 02:30:00"}));
    EXPECT_EQ(times("*/20 9-10 * * *", "2026-03-01 09:05:30", 5),
              (strings{"2026-03-01 09:20:00", "2026-03-01 09:40:00", "2026-03-01 10:00:00", "2026-03-01 10:20:00",
                       "2026-03-01 10:40:00"}));
    EXPECT_EQ(times("0 0 * * mon-FRI", "2026-11-20 12:00:00", 2),
              (strings{"2026-11-23 00:00:00", "2026-11-24 00:00:00"}));
    EXPECT_EQ(times("5 4 31 * *", "2026-03-31 04:05:00", 2), (strings{"2026-05-31 04:05:00", "2026-07-31 04:05:00"}));
    EXPECT_EQ(times("0 0 29 feb *", "2096-03-01 00:00:00", 1), (strings{"2104-02-29 00:00:00"}));
    EXPECT_EQ(times("10/25 0 1 1 *", "2026-01-01 00:00:00", 2),
              (strings{"2026-01-01 00:10:00", "2026-01-01 00:35:00"}));
    EXPECT_EQ(times("0 0 * * 7", "2026-11-21 00:00:00", 1), (strings{"2026-11-22 00:00:00"}));
}

TEST(cron_expression_test, either_day_is_enough_when_both_are_restricted) {
    EXPECT_EQ(times("0 0 13 * fri", "2026-11-01 00:00:00", 3),
              (strings{"2026-11-06 00:00:00", "2026-11-13 00:00:00", "2026-11-20 00:00:00"}));
    EXPECT_EQ(times("0 0 */10 * fri", "2026-11-01 00:00:00", 1), (strings{"2026-12-11 00:00:00"}))
        << "a field that begins with * restricts with the other";
}

TEST(cron_expression_test, knows_the_usual_names) {
    EXPECT_EQ(times("@hourly", "2026-03-01 02:30:00", 1), (strings{"2026-03-01 03:00:00"}));
    EXPECT_EQ(times("@DAILY", "2026-03-01 02:30:00", 1), (strings{"2026-03-02 00:00:00"}));
    EXPECT_EQ(times("@weekly", "2026-03-02 00:00:00", 1), (strings{"2026-03-08 00:00:00"}));
    EXPECT_EQ(times("@monthly", "2026-03-02 00:00:00", 1), (strings{"2026-04-01 00:00:00"}));
    EXPECT_EQ(times("@yearly", "2026-03-02 00:00:00", 1), (strings{"2027-01-01 00:00:00"}));
}

// Berlin: on 2026-03-29 the clock goes from 02:00 to 03:00 at 01:00 UTC.
TEST(cron_expression_test, what_the_clock_skips_happens_once_right_after_the_gap) {
    EXPECT_EQ(times("30 2 * * *", "2026-03-28 12:00:00", 2, "Europe/Berlin"),
              (strings{"2026-03-29 01:00:00", "2026-03-30 00:30:00"}));
    EXPECT_EQ(times("*/15 2 * * *", "2026-03-28 12:00:00", 2, "Europe/Berlin"),
              (strings{"2026-03-29 01:00:00", "2026-03-30 00:00:00"}));
    EXPECT_EQ(times("0 2,3 * * *", "2026-03-28 12:00:00", 2, "Europe/Berlin"),
              (strings{"2026-03-29 01:00:00", "2026-03-30 00:00:00"}));
}

// Berlin: on 2026-10-25 the clock goes from 03:00 back to 02:00 at 01:00 UTC.
TEST(cron_expression_test, what_comes_twice_happens_the_first_time) {
    EXPECT_EQ(times("30 2 * * *", "2026-10-24 12:00:00", 2, "Europe/Berlin"),
              (strings{"2026-10-25 00:30:00", "2026-10-26 01:30:00"}));
    EXPECT_EQ(times("0 2,3 * * *", "2026-10-24 12:00:00", 2, "Europe/Berlin"),
              (strings{"2026-10-25 00:00:00", "2026-10-25 02:00:00"}));
}

TEST(cron_expression_test, every_hour_is_every_hour_that_passes) {
    EXPECT_EQ(times("@hourly", "2026-10-24 23:30:00", 4, "Europe/Berlin"),
              (strings{"2026-10-25 00:00:00", "2026-10-25 01:00:00", "2026-10-25 02:00:00", "2026-10-25 03:00:00"}));
    EXPECT_EQ(times("*/30 * * * *", "2026-03-29 00:15:00", 3, "Europe/Berlin"),
              (strings{"2026-03-29 00:30:00", "2026-03-29 01:00:00", "2026-03-29 01:30:00"}));
}

TEST(cron_expression_test, holds_in_zones_of_every_kind) {
    // Lord Howe: half an hour of summer time; Santiago: the gap is at midnight; Kolkata: half an hour off.
    EXPECT_EQ(times("15 2 4 10 *", "2026-10-01 00:00:00", 1, "Australia/Lord_Howe"), (strings{"2026-10-03 15:30:00"}));
    EXPECT_EQ(times("30 0 * * *", "2026-09-05 05:00:00", 1, "America/Santiago"), (strings{"2026-09-06 04:00:00"}));
    EXPECT_EQ(times("0 9 * * *", "2026-09-05 05:00:00", 1, "Asia/Kolkata"), (strings{"2026-09-06 03:30:00"}));
}

TEST(cron_expression_test, never_gives_a_time_twice_and_never_goes_back) {
    for (const char* zone : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"})
        for (const char* schedule : {"*/7 * * * *", "*/30 0-4 * * *", "0,30 1,2,3 * * *"}) {
            const auto e = cron_expression::parse(schedule).value();
            const auto in = load_time_zone(zone).value();
            auto at = utc("2026-03-27 00:00:00");
            while (at < utc("2026-03-31 00:00:00")) {
                const auto next = e.next(at, in);
                ASSERT_TRUE(next);
                ASSERT_GT(*next, at);
                // From any moment between, the same one is next.
                ASSERT_EQ(e.next(at + (*next - at) / 2, in), next) << zone << " " << schedule << " " << text_of(at);
                at = *next;
            }
        }
}

TEST(cron_expression_test, refuses_what_is_none_and_says_which_field) {
    for (const char* bad :
         {"",           "* * * *",   "* * * * * *", "60 * * * *",   "* 24 * * *",    "* * 0 * *",  "* * * 13 *",
          "* * * * 8",  "a * * * *", "*/0 * * * *", "5-1 * * * *",  "1, * * * *",    ",1 * * * *", "1-2-3 * * * *",
          "@sometimes", "* * ? * *", "-1 * * * *",  "1//2 * * * *", "* * * * mon#2", "+1 * * * *"})
        EXPECT_FALSE(cron_expression::parse(bad)) << bad;
    EXPECT_FALSE(cron_expression::parse(std::string(300, ' ') + "* * * * *"));
    EXPECT_FALSE(cron_expression::parse("0 0 30 2 *")) << "it never comes";
    EXPECT_TRUE(cron_expression::parse("0 0 30 2 mon")) << "Mondays come";
    EXPECT_NE(cron_expression::parse("* 24 * * *").error().message.find("hour '24'"), std::string::npos);
}

}  // namespace
}  // namespace gasper
