// How segments of a database's log come from its spool to their place: none is lost, whatever fails in between.
#include "control/archives/archives.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "control/archives/archive_verbs.hpp"
#include "control/archives/collecting.hpp"
#include "control/services/lifecycle.hpp"
#include "core/store/archives.hpp"
#include "core/store/audit.hpp"
#include "core/store/services.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

namespace fs = std::filesystem;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string segment_name(int number) {
    return fmt::format("0000000100000000000000{:02X}", number);
}

/// A database that runs, and is archived from now on.
class archives_test : public testing::Test {
 protected:
    static void SetUpTestSuite() { init_crypto(); }

    archives_test() {
        databases.containers["s1"] = {.id = "s1", .name = "blue", .role = "service", .service = "blue"};
        databases.containers["s1"].running = true;
        begin();
        id = world->store([this](SQLite::Database& db) {
            service s{.name = "blue", .kind = "postgres", .version = "15", .plan = "small", .owner = world->who().id};
            s.id = store::add_service(db, s);
            s.made = true;
            store::update_service(db, s);
            archive a;
            a.service = s.id;
            a.service_name = s.name;
            a.owner = s.owner;
            a.kind = s.kind;
            a.plan = s.plan;
            return store::add_archive(db, a);
        });
    }

    void begin() {
        world.reset();
        world.emplace(dir.path(), cluster, std::function<void(control::options&)>(), &databases);
        auto& p = world->platform().shared();
        p.service_servers.running["blue"] = {
            .name = "blue", .container = "s1", .address = "127.0.0.1", .state = instance_state::up};
        p.cron.clock = [this] { return at; };
    }
    control::parts& shared() { return world->platform().shared(); }
    result<> collect() { return world->settle(control::collect_segments(shared(), id, deadline::after(seconds(10)))); }
    archive row() {
        return *world->read([this](SQLite::Database& db) { return store::find_archive(db, id); });
    }
    std::vector<archive_segment> segments() {
        return world->read([this](SQLite::Database& db) { return store::segments_of(db, id); });
    }
    std::vector<std::int64_t> numbers() {
        std::vector<std::int64_t> n;
        for (const auto& s : segments())
            n.push_back(s.number);
        return n;
    }
    test::service_engine::spool& spool() { return databases.spools["blue"]; }
    void spools(int number) { spool().pieces[segment_name(number)] = "segment " + std::to_string(number); }
    std::vector<std::string> told() {
        std::vector<std::string> all;
        for (const auto& e : world->read([](SQLite::Database& db) { return store::audit_after(db, 0, 100); }))
            if (e.action.starts_with("backup.archive")) all.push_back(e.action);
        return all;
    }

    test::temporary_directory dir;
    test::service_engine databases;
    test::scripted_cluster cluster;
    std::optional<test::control_world> world;
    archive_id id;
    sys_time at{std::chrono::hours(24 * 20000)};
};

TEST_F(archives_test, a_run_begins_where_nothing_is_spooled) {
    ASSERT_TRUE(collect());
    EXPECT_TRUE(spool().on);
    EXPECT_EQ(spool().run, row().run);
    const auto first = spool().run;
    spool() = {};  // another directory of data is in its place
    ASSERT_TRUE(collect());
    EXPECT_TRUE(spool().on);
    EXPECT_EQ(spool().run, row().run);
    EXPECT_NE(spool().run, first);
}

TEST_F(archives_test, segments_are_put_encrypted_and_written_down_and_leave_the_spool) {
    ASSERT_TRUE(collect());
    spools(3);
    spools(4);
    ASSERT_TRUE(collect());
    EXPECT_TRUE(spool().pieces.empty());
    ASSERT_THAT(numbers(), ElementsAre(3, 4));
    const auto there = segments();
    EXPECT_EQ(there[1].until, sys_time(seconds(4)));
    EXPECT_EQ(there[1].full_size, 9);
    std::ifstream file(dir.path() / "backups" / there[1].object);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(static_cast<std::int64_t>(bytes.size()), there[1].size);
    EXPECT_EQ(bytes.find("segment"), bytes.npos);
}

TEST_F(archives_test, whatever_step_fails_no_segment_is_lost_and_none_comes_twice) {
    ASSERT_TRUE(collect());
    // A round asks for a list, two segments, and their removal.
    for (int step = 0; step < 4; ++step) {
        const int first = 10 + 2 * step;
        spools(first);
        spools(first + 1);
        int left = step;
        databases.refuses = [&left](const std::string&) { return left-- == 0; };
        EXPECT_FALSE(collect()) << step;
        EXPECT_FALSE(row().problem.empty());
        databases.refuses = {};
        for (const int number : {first, first + 1}) {
            const auto put = numbers();
            const bool kept = spool().pieces.contains(segment_name(number));
            EXPECT_TRUE(kept || std::find(put.begin(), put.end(), number) != put.end()) << step;
        }
        begin();
        ASSERT_TRUE(collect());
        EXPECT_TRUE(spool().pieces.empty());
        EXPECT_EQ(row().problem, "");
    }
    EXPECT_THAT(numbers(), ElementsAre(10, 11, 12, 13, 14, 15, 16, 17));
}

TEST_F(archives_test, a_segment_that_was_put_already_is_only_removed) {
    ASSERT_TRUE(collect());
    spools(3);
    databases.refuses = [](const std::string& verb) { return verb == "archive-remove"; };
    EXPECT_FALSE(collect());
    databases.refuses = [](const std::string& verb) { return verb == "archive-read"; };
    EXPECT_TRUE(collect());
    EXPECT_TRUE(spool().pieces.empty());
    EXPECT_THAT(numbers(), ElementsAre(3));
}

TEST_F(archives_test, a_spool_that_ran_full_is_emptied_and_followed_by_a_new_run) {
    ASSERT_TRUE(collect());
    const auto first = row().run;
    spools(3);
    spool().lost = true;
    ASSERT_TRUE(collect());
    EXPECT_THAT(numbers(), ElementsAre(3));
    EXPECT_NE(row().run, first);
    EXPECT_EQ(spool().run, row().run);
    EXPECT_FALSE(spool().lost);
    EXPECT_THAT(told(), ElementsAre("backup.archive_broken"));
}

TEST_F(archives_test, what_does_not_follow_begins_a_new_run) {
    ASSERT_TRUE(collect());
    const auto first = row().run;
    spools(3);
    spools(5);
    ASSERT_TRUE(collect());
    EXPECT_THAT(numbers(), ElementsAre(3));
    EXPECT_NE(row().run, first);
    EXPECT_THAT(told(), ElementsAre("backup.archive_broken"));
}

TEST_F(archives_test, a_place_that_cannot_be_reached_is_an_alarm_after_a_while_told_once) {
    ASSERT_TRUE(collect());
    world->store([this](SQLite::Database& db) {
        auto a = *store::find_archive(db, id);
        a.place = "away";
        store::update_archive(db, a);
    });
    spools(3);
    EXPECT_FALSE(collect());
    EXPECT_EQ(control::archive_alarm(row(), at), "");
    EXPECT_TRUE(told().empty());
    at += minutes(5);
    EXPECT_FALSE(collect());
    EXPECT_THAT(control::archive_alarm(row(), at), HasSubstr("there is no store 'away'"));
    at += minutes(5);
    EXPECT_FALSE(collect());
    EXPECT_THAT(told(), ElementsAre("backup.archive_failed"));
    EXPECT_TRUE(spool().pieces.contains(segment_name(3))) << "it waits";
}

TEST_F(archives_test, what_a_server_says_is_not_taken_on_trust) {
    const auto code = [](const std::string& text) {
        const auto s = control::parse_spool(text);
        return s ? std::string("none") : s.error().code;
    };
    EXPECT_EQ(code("off\n"), "none");
    EXPECT_EQ(code("on 1a2b\n" + segment_name(3) + " 3 16 1000\n"), "none");
    for (const char* bad :
         {"", "on\n", "on ../x\n", "maybe 1a\n", "on 1a\n../../etc 3 16 1000\n", "on 1a\nAA 3 0 1000\n",
          "on 1a\nAA 3 2000000000 1000\n", "on 1a\nAA 3\n", "on 1a\nAA 4 16 1\nAB 3 16 1\n"})
        EXPECT_EQ(code(bad), "archive_spool") << bad;
    EXPECT_FALSE(control::parse_facts("5\n"));
    EXPECT_FALSE(control::parse_facts("5 4\n"));
    EXPECT_TRUE(control::parse_facts("5\n5\n"));
}

TEST_F(archives_test, only_what_can_be_archived_is_and_moments_outside_are_refused) {
    ASSERT_TRUE(collect());
    control::archives all(world->platform());
    EXPECT_EQ(world->settle(all.turn_on(world->who(), "green", "", 0)).error().code, "service_not_found");
    EXPECT_EQ(world->settle(all.turn_on(world->who(), "blue", "nowhere", 0)).error().code, "backup_store_not_found");
    EXPECT_EQ(world->settle(all.turn_on(world->who(), "blue", "", 366)).error().code, "archive_keep");
    const auto shown = world->settle(all.show(world->who(), "blue"));
    ASSERT_TRUE(shown);
    EXPECT_TRUE(shown->covered.empty());
    const auto recover = [&](sys_time when) {
        control::recovery_request wanted;
        wanted.service = "blue";
        wanted.at = when;
        wanted.confirm = "blue";
        const auto begun = world->settle(all.recover(world->who(), std::move(wanted)));
        return begun ? std::string("none") : begun.error().code;
    };
    EXPECT_EQ(recover(at - minutes(1)), "not_covered");
    EXPECT_EQ(recover(at + minutes(1)), "not_covered");
}

TEST_F(archives_test, a_recovery_that_the_disk_has_no_room_for_is_refused_before_a_server_is_begun) {
    ASSERT_TRUE(collect());
    fs::create_directories(control::service_directory(shared(), "blue") / "data");
    world->store([this, run = row().run](SQLite::Database& db) {
        archive_base b;
        b.archive = id;
        b.run = run;
        b.version = "15";
        b.place = "local";
        b.object = "base";
        b.first = b.last = 3;
        b.id = store::add_archive_base(db, b);
        b.begins = at - minutes(10);
        b.full_size = 1ll << 60;  // no disk has it
        b.verified = at;
        store::update_archive_base(db, b);
        archive_segment s{.archive = id, .run = run, .number = 3, .name = "AA", .place = "local", .object = "AA"};
        s.until = at;
        store::put_archive_segment(db, s);
    });
    control::recovery_request wanted;
    wanted.service = wanted.confirm = "blue";
    wanted.at = at - minutes(5);
    const auto begun = world->settle(control::archives(world->platform()).recover(world->who(), wanted));
    ASSERT_TRUE(begun) << begun.error().message;
    EXPECT_EQ(world->finish(*begun), job_state::failed);
    EXPECT_THAT(world->settle(world->jobs().info(*begun)).value().reason, HasSubstr("GiB are needed"));
    EXPECT_TRUE(databases.begun.empty());
}

TEST_F(archives_test, ends_when_it_is_told_to_also_of_a_server_that_was_away) {
    ASSERT_TRUE(collect());
    shared().service_servers.running.erase("blue");
    control::archives all(world->platform());
    ASSERT_TRUE(world->settle(all.turn_off(world->who(), "blue")));
    EXPECT_TRUE(spool().on) << "nobody could tell it";
    begin();
    ASSERT_TRUE(collect());
    EXPECT_FALSE(spool().on);
    EXPECT_EQ(row().run, "");
    world->settle([](control::parts& p) -> task<bool> {
        co_await control::retire_archives(p);
        co_return true;
    }(shared()));
    EXPECT_FALSE(world->read([this](SQLite::Database& db) { return store::find_archive(db, id); }))
        << "nothing is in it";
}

}  // namespace
}  // namespace gasper
