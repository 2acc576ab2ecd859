// A restore looks at the disk before it begins: one that does not fit would fill it under all databases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/backups/backups.hpp"
#include "control/backups/room.hpp"
#include "control/services/lifecycle.hpp"
#include "core/store/backups.hpp"
#include "tests/integration/control/attached_database.hpp"

namespace gasper {
namespace {

using ::testing::HasSubstr;

class restore_room_test : public attached_database {
 protected:
    void SetUp() override {
        attach_blue("redis");
        if (HasFatalFailure()) return;
        std::filesystem::create_directories(control::service_directory(shared(), "blue") / "data");
        engine.tables["blue"] = {{"things", 5}};
        expect_done(world.settle(backups().make(world.who(), "blue", "")));
    }

    control::parts& shared() { return world.platform().shared(); }
    control::backups backups() { return control::backups(world.platform()); }
    backup row() {
        return world.read([](SQLite::Database& db) { return store::backups_of(db, "blue").at(0); });
    }
    result<job_id> restore() {
        control::restore_request wanted;
        wanted.service = wanted.confirm = "blue";
        wanted.backup = row().id.value;
        return world.settle(backups().restore(world.who(), wanted));
    }

    const std::map<std::string, int> rows{{"things", 7}};
};

TEST_F(restore_room_test, what_does_not_fit_is_refused_and_the_data_is_as_it_was) {
    engine.tables["blue"] = rows;
    const auto begun_before = engine.begun;
    auto b = row();
    b.dump_size = 1ll << 60;  // no disk has it
    world.store([&](SQLite::Database& db) { store::update_backup(db, b); });
    const auto begun = restore();
    ASSERT_TRUE(begun) << begun.error().message;
    EXPECT_EQ(world.finish(*begun), job_state::failed);
    EXPECT_THAT(world.settle(world.jobs().info(*begun)).value().reason, HasSubstr("GiB are needed"));
    EXPECT_EQ(engine.begun, begun_before) << "no server beside it";
    EXPECT_EQ(engine.tables["blue"], rows);
}

TEST_F(restore_room_test, what_fits_is_restored) {
    engine.tables["blue"] = rows;
    expect_done(restore());
    EXPECT_EQ(engine.tables["blue"], (std::map<std::string, int>{{"things", 5}}));
}

TEST_F(restore_room_test, where_nothing_says_what_is_free_the_server_finds_out) {
    EXPECT_TRUE(world.settle(control::check_room_beside(shared(), "nowhere", 1ll << 60)));
    const auto refused = world.settle(control::check_room_beside(shared(), "blue", 1ll << 60));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "disk_full");
}

}  // namespace
}  // namespace gasper
