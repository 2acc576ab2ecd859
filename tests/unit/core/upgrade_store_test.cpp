#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "core/store/accounts.hpp"
#include "core/store/database.hpp"
#include "core/store/services.hpp"
#include "core/store/upgrades.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class upgrade_store_test : public testing::Test {
 protected:
    template <class F>
    auto in(F fn) {
        asio::io_context io;
        auto future = asio::co_spawn(io, db_.transaction(std::move(fn)), asio::use_future);
        io.run();
        return future.get();
    }
    service_id made(const std::string& name) {
        return in([&name](SQLite::Database& db) {
            db.exec("INSERT OR IGNORE INTO users (id, name, admin, password, created) VALUES (1, 'ann', 0, '', 0)");
            service s;
            s.name = name;
            s.kind = "postgres";
            s.version = "15";
            s.plan = "small";
            s.owner = user_id{1};
            return store::add_service(db, s);
        });
    }

    test::temporary_directory dir_;
    database db_{dir_.path() / "gasper.db"};
};

TEST_F(upgrade_store_test, one_of_each_service_comes_back_as_it_was) {
    const auto blue = made("blue"), green = made("green");
    const upgrade u{.service = blue,
                    .before = "15",
                    .after = "17",
                    .directory = "kept-1a2b3c4d",
                    .state = upgrade_state::returning,
                    .inode = 1ull << 63,
                    .job = job_id{7},
                    .size = 12345,
                    .created = sys_time(std::chrono::milliseconds(99))};
    const auto found = in([&](SQLite::Database& db) {
        auto first = u;
        first.state = upgrade_state::kept;
        store::set_upgrade(db, first);
        store::set_upgrade(db, u);
        EXPECT_FALSE(store::find_upgrade(db, green));
        EXPECT_EQ(store::all_upgrades(db).size(), 1u);
        return store::find_upgrade(db, blue);
    });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->before, "15");
    EXPECT_EQ(found->after, "17");
    EXPECT_EQ(found->directory, u.directory);
    EXPECT_EQ(found->state, upgrade_state::returning);
    EXPECT_EQ(found->inode, u.inode);
    EXPECT_EQ(found->job, u.job);
    EXPECT_EQ(found->size, u.size);
    EXPECT_EQ(found->created, u.created);
}

TEST_F(upgrade_store_test, goes_with_its_service) {
    const auto blue = made("blue");
    const auto left = in([&](SQLite::Database& db) {
        store::set_upgrade(db, {.service = blue, .before = "15", .after = "17", .directory = "kept-1"});
        store::remove_service(db, blue);
        return store::all_upgrades(db).size();
    });
    EXPECT_EQ(left, 0u);
}

TEST(upgrade_test, every_state_has_a_word) {
    for (const auto s :
         {upgrade_state::arriving, upgrade_state::kept, upgrade_state::returning, upgrade_state::leaving})
        EXPECT_EQ(upgrade_state_of(to_string(s)), s);
    EXPECT_FALSE(upgrade_state_of("gone"));
}

}  // namespace
}  // namespace gasper
