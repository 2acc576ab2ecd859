#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "core/store/backups.hpp"
#include "core/store/database.hpp"
#include "core/store/services.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class backup_store_test : public testing::Test {
 protected:
    template <class T>
    T settle(task<T> work) {
        asio::io_context io;
        auto future = asio::co_spawn(io, std::move(work), asio::use_future);
        io.run();
        return future.get();
    }
    template <class F>
    auto in(F fn) {
        return settle(db_.transaction(std::move(fn)));
    }
    backup_id add(backup_state state) {
        return in([state](SQLite::Database& db) {
            backup b;
            b.service_name = "blue";
            b.state = state;
            return store::add_backup(db, b);
        });
    }
    backup_state state_of(backup_id id) {
        return in([id](SQLite::Database& db) { return store::find_backup(db, id)->state; });
    }

    test::temporary_directory dir_;
    database db_{dir_.path() / "gasper.db"};
};

TEST_F(backup_store_test, what_a_restart_cut_fails_unless_it_is_made_again) {
    const auto cut = add(backup_state::running), again = add(backup_state::running), stored = add(backup_state::stored);
    const auto failed =
        in([again](SQLite::Database& db) { return store::fail_interrupted_backups(db, std::set{again}); });
    ASSERT_EQ(failed.size(), 1u);
    EXPECT_EQ(failed.front().id, cut);
    EXPECT_FALSE(failed.front().problem.empty());
    EXPECT_EQ(state_of(cut), backup_state::failed);
    EXPECT_EQ(state_of(again), backup_state::running);
    EXPECT_EQ(state_of(stored), backup_state::stored);
}

TEST_F(backup_store_test, knows_the_newest_verified_backup_of_each_service) {
    using std::chrono::hours;
    const auto newest = in([](SQLite::Database& db) {
        db.exec("INSERT INTO users (id, name, password, admin, created) VALUES (1, 'ann', '', 1, 0)");
        const auto blue = store::add_service(db, {.name = "blue", .kind = "redis", .owner = {1}});
        store::add_service(db, {.name = "green", .kind = "redis", .owner = {1}});
        // Taken at 1, 2 and 3; the one at 3 is not verified. A service that is gone has none.
        for (const int at : {2, 1, 3}) {
            backup b{
                .service = blue, .service_name = "blue", .state = backup_state::stored, .created = sys_time(hours(at))};
            b.id = store::add_backup(db, b);
            if (at != 3) b.verified = sys_time(hours(10));
            store::update_backup(db, b);
        }
        backup orphan{.service_name = "gone", .state = backup_state::stored, .verified = sys_time(hours(9))};
        orphan.id = store::add_backup(db, orphan);
        store::update_backup(db, orphan);
        return std::pair(blue, store::newest_verified(db));
    });
    ASSERT_EQ(newest.second.size(), 1u);
    EXPECT_EQ(newest.second.at(newest.first), sys_time(hours(2)));
}

}  // namespace
}  // namespace gasper
