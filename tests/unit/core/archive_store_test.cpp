#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "core/store/archives.hpp"
#include "core/store/backups.hpp"
#include "core/store/database.hpp"
#include "core/store/services.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using std::chrono::hours;

class archive_store_test : public testing::Test {
 protected:
    template <class F>
    auto in(F fn) {
        asio::io_context io;
        auto future = asio::co_spawn(io, db_.transaction(std::move(fn)), asio::use_future);
        io.run();
        return future.get();
    }

    archive_store_test() {
        id = in([this](SQLite::Database& db) {
            db.exec("INSERT INTO users (id, name, password, admin, created) VALUES (1, 'ann', '', 1, 0)");
            blue = store::add_service(db, {.name = "blue", .kind = "postgres", .owner = {1}});
            archive a;
            a.service = blue;
            a.service_name = "blue";
            a.owner = {1};
            a.kind = "postgres";
            a.plan = "small";
            a.place = "away";
            a.created = sys_time(hours(1));
            return store::add_archive(db, a);
        });
    }

    archive_segment segment(const std::string& run, std::int64_t number) const {
        archive_segment s;
        s.archive = id;
        s.run = run;
        s.number = number;
        s.name = std::to_string(number);
        s.place = "away";
        s.object = "blue/" + run + "/" + s.name;
        s.until = sys_time(hours(number));
        s.size = 5;
        s.full_size = 16;
        return s;
    }

    test::temporary_directory dir_;
    database db_{dir_.path() / "gasper.db"};
    service_id blue;
    archive_id id;
};

TEST_F(archive_store_test, comes_back_as_it_was_written) {
    const auto a = in([this](SQLite::Database& db) {
        auto changed = *store::find_archive(db, id);
        EXPECT_EQ(changed.keep, 7);
        EXPECT_TRUE(changed.on);
        changed.keep = 30;
        changed.on = false;
        changed.run = "1a2b";
        changed.problem = "away";
        changed.failing = sys_time(hours(3));
        changed.told = sys_time(hours(4));
        changed.base_problem = "none";
        changed.base_tried = sys_time(hours(5));
        store::update_archive(db, changed);
        return *store::archive_of(db, blue);
    });
    EXPECT_EQ(a.keep, 30);
    EXPECT_FALSE(a.on);
    EXPECT_EQ(a.run + a.problem + a.base_problem, "1a2bawaynone");
    EXPECT_EQ(a.failing, sys_time(hours(3)));
    EXPECT_EQ(a.told, sys_time(hours(4)));
    EXPECT_EQ(a.base_tried, sys_time(hours(5)));
}

TEST_F(archive_store_test, segments_are_by_run_and_number_and_each_is_there_once) {
    const auto all = in([this](SQLite::Database& db) {
        for (const auto n : {12, 9, 10})
            store::put_archive_segment(db, segment("aa", n));
        store::put_archive_segment(db, segment("bb", 1));
        auto again = segment("aa", 10);
        again.size = 6;
        store::put_archive_segment(db, again);
        EXPECT_EQ(store::newest_segment(db, id, "aa")->number, 12);
        EXPECT_FALSE(store::newest_segment(db, id, "cc"));
        EXPECT_EQ(store::find_archive_segment(db, id, "aa", 10)->size, 6);
        EXPECT_FALSE(store::find_archive_segment(db, id, "aa", 11));
        store::remove_archive_segment(db, segment("aa", 12));
        return store::segments_of(db, id);
    });
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].number, 9);
    EXPECT_EQ(all[1].number, 10);
    EXPECT_EQ(all[2].run, "bb");
    EXPECT_EQ(all[2].until, sys_time(hours(1)));
}

TEST_F(archive_store_test, outlives_its_service_and_holds_its_store) {
    in([this](SQLite::Database& db) {
        EXPECT_EQ(store::users_of_backup_store(db, "away"), 1);
        archive_base b;
        b.archive = id;
        b.run = "aa";
        b.version = "15";
        b.place = "away";
        b.object = "blue/base";
        b.id = store::add_archive_base(db, b);
        EXPECT_FALSE(store::find_archive_base(db, b.id)->verified);
        b.first = 3;
        b.last = 4;
        b.begins = b.verified.emplace(sys_time(hours(2)));
        store::update_archive_base(db, b);
        store::put_archive_segment(db, segment("aa", 3));
        EXPECT_EQ(store::users_of_backup_store(db, "away"), 3);
        store::remove_service(db, blue);
        const auto left = store::archives_named(db, "blue");
        EXPECT_EQ(left.size(), 1u);
        EXPECT_FALSE(left.front().service);
        EXPECT_EQ(store::bases_of(db, id).front().verified, sys_time(hours(2)));
        store::remove_archive(db, id);
        EXPECT_TRUE(store::bases_of(db, id).empty());
        EXPECT_TRUE(store::segments_of(db, id).empty());
        EXPECT_EQ(store::users_of_backup_store(db, "away"), 0);
        return true;
    });
}

}  // namespace
}  // namespace gasper
