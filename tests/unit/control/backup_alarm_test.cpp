#include <gtest/gtest.h>

#include "control/backups/backup_clock.hpp"

namespace gasper::control {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const sys_time three{hours(24 * 20000 + 3)};

backup made_at(sys_time at, bool verified, std::string problem = {}) {
    backup b;
    b.id.value = 7;
    b.created = at;
    b.state = backup_state::stored;
    if (verified) b.verified = at + minutes(1);
    b.problem = std::move(problem);
    return b;
}

backup_schedule since(sys_time created, sys_time seen) {
    backup_schedule s;
    s.created = created;
    s.seen = s.unproved = seen;
    return s;
}

/// Every hour, looked at now and then as the clock does.
class hourly_times_test : public testing::Test {
 protected:
    void look(sys_time at, sys_time newest, bool counts = true) {
        note_proved(s, newest, hourly, utc);
        note_due(s, plan_cron(hourly, utc, s.seen, at, hours(24)), counts);
    }

    const cron_expression hourly{cron_expression::parse("@hourly").value()};
    const time_zone utc{};
    backup_schedule s{since(three - minutes(1), three - minutes(1))};

    void SetUp() override { s.unproved = {}; }
};

TEST(backup_alarm_test, is_silent_when_all_is_well_or_nothing_was_asked_for) {
    EXPECT_EQ(backup_alarm({}, {}, three), "");
    EXPECT_EQ(backup_alarm(since(three, three), {}, three + hours(20)), "") << "its first time has not come";
    const auto s = since(three - hours(24), three);
    EXPECT_EQ(backup_alarm(s, {made_at(three, true)}, three + hours(20)), "");
    EXPECT_EQ(backup_alarm(s, {}, three + minutes(59)), "") << "it may take an hour";
}

TEST(backup_alarm_test, a_time_without_a_verified_backup_is_an_alarm_after_an_hour) {
    const auto s = since(three - hours(48), three);
    const auto late = three + minutes(61);
    EXPECT_NE(backup_alarm(s, {}, late), "");
    EXPECT_NE(backup_alarm(s, {made_at(three - hours(24), true)}, late), "") << "yesterday's does not count";
    EXPECT_NE(backup_alarm(s, {made_at(three, false)}, late), "") << "one that is not proved does not count";
    auto running = made_at(three, false);
    running.state = backup_state::running;
    EXPECT_NE(backup_alarm(s, {running}, late), "") << "nor does one that does not end";
}

TEST_F(hourly_times_test, an_hour_that_is_not_proved_is_overdue_though_others_come_due) {
    look(three, {});
    EXPECT_EQ(s.unproved, three);
    look(three + hours(1), {});
    EXPECT_EQ(s.seen, three + hours(1));
    EXPECT_EQ(s.unproved, three) << "the oldest";
    EXPECT_EQ(backup_alarm(s, {}, three + minutes(60)), "");
    EXPECT_NE(backup_alarm(s, {}, three + minutes(61)), "");
    EXPECT_EQ(backup_alarm(s, {made_at(three, true)}, three + minutes(61)), "") << "also before the clock looks again";
}

TEST_F(hourly_times_test, a_verified_backup_covers_the_times_until_it_was_taken) {
    look(three, {});
    look(three + hours(2), {});
    look(three + hours(2), three - minutes(1));
    EXPECT_EQ(s.unproved, three) << "it was taken before";
    look(three + hours(2), three + seconds(2));
    EXPECT_EQ(s.unproved, three + hours(1)) << "the next one waits on";
    look(three + hours(2), three + hours(2));
    EXPECT_EQ(s.unproved, sys_time{});
    look(three + hours(3), three + hours(2));
    EXPECT_EQ(s.unproved, three + hours(3));
}

TEST_F(hourly_times_test, what_comes_due_while_its_service_is_stopped_does_not_count) {
    look(three, {}, false);
    EXPECT_EQ(s.seen, three);
    EXPECT_EQ(s.unproved, sys_time{});
    look(three + hours(1), {});
    EXPECT_EQ(s.unproved, three + hours(1));
}

TEST(backup_alarm_test, the_newest_failure_is_an_alarm_until_one_succeeds) {
    EXPECT_EQ(backup_alarm({}, {made_at(three, false, "no space left")}, three), "backup 7 failed: no space left");
    EXPECT_EQ(backup_alarm({}, {made_at(three, true), made_at(three - hours(1), false, "no space left")}, three), "");
}

}  // namespace
}  // namespace gasper::control
