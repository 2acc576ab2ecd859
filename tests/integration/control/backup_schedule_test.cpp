// A silent failure is impossible: what a schedule owes and nobody could prove is told, once, whatever fails meanwhile.
#include <gtest/gtest.h>

#include <algorithm>

#include "control/backups/backup_clock.hpp"
#include "control/backups/backups.hpp"
#include "core/store/audit.hpp"
#include "core/store/backups.hpp"
#include "core/store/services.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// Services of which no backup can be made: they are still being made themselves.
class backup_schedule_test : public testing::Test {
 protected:
    static void SetUpTestSuite() { init_crypto(); }

    backup_schedule_test() {
        world.platform().shared().cron.clock = [this] { return at; };
        add("blue");
    }

    void add(const std::string& name) {
        world.store([&](SQLite::Database& db) {
            service s{.name = name, .kind = "postgres", .version = "15", .plan = "small", .owner = world.who().id};
            store::add_service(db, s);
        });
    }
    void schedule(const std::string& name, const std::string& when) {
        backup_schedule wanted;
        wanted.schedule = when;
        control::backups all(world.platform());
        ASSERT_TRUE(world.settle(all.schedule(world.who(), name, std::move(wanted))));
    }
    /// Time goes by, and the clock looks when it wants to.
    void pass(minutes time) {
        const auto end = at + time;
        while (at < end) {
            at += minutes(1);
            look();
        }
    }
    void look() { world.settle(control::look_at_backup_schedules(world.platform().shared())); }
    std::size_t told(const std::string& action, const std::string& name = "blue") {
        const auto all = world.read([](SQLite::Database& db) { return store::audit_after(db, 0, 1000); });
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(), [&](const auto& e) { return e.action == action && e.app == "service:" + name; }));
    }
    void verified_backup_now() {
        world.store([this](SQLite::Database& db) {
            backup b;
            b.service = store::find_service(db, "blue")->id;
            b.service_name = "blue";
            b.owner = world.who().id;
            b.created = at;
            b.id = store::add_backup(db, b);
            b.state = backup_state::stored;
            b.verified = at;
            store::update_backup(db, b);
        });
    }
    void execute(const std::string& sql) {
        world.store([&](SQLite::Database& db) { db.exec(sql); });
    }
    std::string alarm() {
        return world.settle(control::backups(world.platform()).list(world.who(), "blue")).value().alarm;
    }

    sys_time at{sys_time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + hours(2))};
    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::control_world world{dir.path(), cluster};
};

TEST_F(backup_schedule_test, a_time_without_a_verified_backup_is_told_once_after_an_hour) {
    schedule("blue", "0 3 * * *");
    pass(hours(1));
    EXPECT_EQ(told("backup.failed"), 1u) << "it was due, and could not begin";
    pass(hours(1));
    EXPECT_EQ(told("backup.overdue"), 0u);
    EXPECT_EQ(alarm(), "");
    pass(minutes(1));
    EXPECT_EQ(told("backup.overdue"), 1u);
    EXPECT_NE(alarm(), "");
    pass(hours(3));
    EXPECT_EQ(told("backup.overdue"), 1u);
    verified_backup_now();
    EXPECT_EQ(alarm(), "");
    pass(hours(21));  // the next day's time is a time of its own
    EXPECT_EQ(told("backup.overdue"), 2u);
}

TEST_F(backup_schedule_test, an_hourly_schedule_is_told_of_as_any_other) {
    schedule("blue", "@hourly");
    pass(hours(2));
    EXPECT_EQ(told("backup.failed"), 2u);
    EXPECT_EQ(told("backup.overdue"), 0u);
    pass(minutes(1));
    EXPECT_EQ(told("backup.overdue"), 1u);
    pass(hours(4));
    EXPECT_EQ(told("backup.overdue"), 1u) << "the same time still";
}

TEST_F(backup_schedule_test, one_whose_backups_are_verified_is_never_told_of) {
    schedule("blue", "@hourly");
    for (int n = 0; n < 5; ++n) {
        pass(hours(1));
        verified_backup_now();
    }
    pass(minutes(59));
    EXPECT_EQ(told("backup.overdue"), 0u);
    EXPECT_EQ(alarm(), "");
}

TEST_F(backup_schedule_test, what_cannot_be_written_is_told_when_it_can_and_costs_the_others_nothing) {
    add("green");
    schedule("blue", "@hourly");
    schedule("green", "@hourly");
    execute(
        "CREATE TRIGGER no_room BEFORE INSERT ON audit WHEN NEW.action = 'backup.overdue' AND "
        "NEW.app = 'service:blue' BEGIN SELECT RAISE(ABORT, 'no room'); END");
    pass(hours(2) + minutes(5));
    EXPECT_EQ(told("backup.overdue"), 0u);
    EXPECT_EQ(told("backup.overdue", "green"), 1u);
    execute("DROP TRIGGER no_room");
    pass(minutes(5));
    EXPECT_EQ(told("backup.overdue"), 1u);
}

TEST_F(backup_schedule_test, the_clock_does_not_bring_back_a_schedule_that_was_taken_away) {
    schedule("blue", "@hourly");
    const auto taken = world.read([](SQLite::Database& db) { return store::all_backup_schedules(db); });
    ASSERT_EQ(taken.size(), 1u);
    ASSERT_TRUE(world.settle(control::backups(world.platform()).unschedule(world.who(), "blue")));
    EXPECT_FALSE(world.store([&](SQLite::Database& db) { return store::update_backup_schedule(db, taken[0]); }));
    EXPECT_TRUE(world.read([](SQLite::Database& db) { return store::all_backup_schedules(db); }).empty());
}

}  // namespace
}  // namespace gasper
