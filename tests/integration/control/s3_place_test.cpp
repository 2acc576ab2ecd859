// What backups leave in an object store: objects that are whole, and no parts of others.
#include <gtest/gtest.h>

#include "control/backups/places.hpp"
#include "core/store/backups.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/scripted_s3.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using std::chrono::seconds;
using upload_names = std::multiset<std::string>;

constexpr std::size_t two_parts = (8u << 20) + 1;  // the first is sent as soon as it is full

class s3_place_test : public testing::Test {
 protected:
    void SetUp() override {
        away_.name = "away";
        away_.endpoint = "http://127.0.0.1:" + std::to_string(store_.port());
        away_.region = "eu-central-1";
        away_.bucket = "backups";
        away_.prefix = "of/gasper";
        away_.access_key = store_.access_key;
        away_.secret_key = store_.secret_key;
        world_.store([this](SQLite::Database& db) { store::add_backup_store(db, world_.box(), away_); });
    }

    control::parts& shared() { return world_.platform().shared(); }
    std::shared_ptr<control::backup_place> place() {
        return world_.settle(control::backup_place_of(shared(), "away")).value();
    }
    static deadline soon() { return deadline::after(seconds(60)); }

    /// A backup as it is noted before anything of it is written.
    backup noted(const std::string& object) {
        backup b{
            .service_name = "blue", .owner = world_.who().id, .kind = "postgres", .version = "15", .plan = "small"};
        b.place = "away";
        b.object = object;
        b.origin = "manual";
        b.id = world_.store([&](SQLite::Database& db) { return store::add_backup(db, b); });
        return b;
    }

    /// Its first part is in the store. As a process that is killed leaves it, once the sink is gone.
    std::unique_ptr<control::backup_sink> begin(const std::string& object) {
        auto sink = world_.settle(place()->create(object, soon())).value();
        auto written = world_.settle(sink->write(std::string(two_parts, 'x'), soon()));
        EXPECT_TRUE(written) << written.error().message;
        return sink;
    }

    test::temporary_directory dir_;
    test::scripted_cluster cluster_;
    test::scripted_s3 store_;
    backup_store away_;
    test::control_world world_{dir_.path(), cluster_};
};

TEST_F(s3_place_test, what_fails_or_is_given_up_leaves_no_parts) {
    auto sink = begin("blue/1.backup");
    EXPECT_EQ(store_.names_of_uploads(), upload_names{"backups/of/gasper/blue/1.backup"});
    world_.run(sink->drop());
    EXPECT_EQ(store_.open_uploads(), 0u);
    EXPECT_TRUE(store_.objects.empty());
}

TEST_F(s3_place_test, a_try_that_was_cut_is_dropped_by_the_next_and_by_the_removal) {
    (void)begin("blue/1.backup");
    auto again = begin("blue/1.backup");
    EXPECT_EQ(store_.names_of_uploads(), upload_names{"backups/of/gasper/blue/1.backup"});
    ASSERT_TRUE(world_.settle(again->commit(soon())));
    EXPECT_EQ(store_.open_uploads(), 0u);
    (void)begin("blue/10.backup");
    (void)begin("blue/1.backup");
    ASSERT_TRUE(world_.settle(place()->remove("blue/1.backup", soon())));
    EXPECT_TRUE(store_.objects.empty());
    EXPECT_EQ(store_.names_of_uploads(), upload_names{"backups/of/gasper/blue/10.backup"})
        << "another whose name begins so";
}

TEST_F(s3_place_test, a_store_that_lists_no_uploads_is_as_good) {
    store_.lists_uploads = false;
    auto sink = begin("blue/1.backup");
    ASSERT_TRUE(world_.settle(sink->commit(soon())));
    EXPECT_EQ(store_.objects["backups/of/gasper/blue/1.backup"].size(), two_parts);
    EXPECT_TRUE(world_.settle(place()->remove("blue/1.backup", soon())));
    EXPECT_TRUE(store_.objects.empty());
    world_.run(control::drop_unfinished_uploads(shared()));
}

TEST_F(s3_place_test, a_round_drops_what_nobody_writes_and_nothing_of_others) {
    (void)noted("blue/cut.backup");
    const auto being_written = noted("blue/now.backup");
    for (const auto* object : {"blue/cut.backup", "blue/now.backup", "blue/of-another-gasper.backup"})
        (void)begin(object);
    away_.name = "beside";
    away_.prefix = "of/gasper-2";
    world_.store([this](SQLite::Database& db) { store::add_backup_store(db, world_.box(), away_); });
    {
        const control::written_backup written(shared().service_servers, being_written);
        world_.run(control::drop_unfinished_uploads(shared()));
    }
    EXPECT_EQ(store_.names_of_uploads(),
              (upload_names{"backups/of/gasper/blue/now.backup", "backups/of/gasper/blue/of-another-gasper.backup"}));
    world_.run(control::drop_unfinished_uploads(shared()));
    EXPECT_EQ(store_.names_of_uploads(), upload_names{"backups/of/gasper/blue/of-another-gasper.backup"});
    EXPECT_TRUE(store_.problems.empty());
}

TEST_F(s3_place_test, a_store_that_is_away_is_looked_through_another_time) {
    (void)noted("blue/cut.backup");
    (void)begin("blue/cut.backup");
    store_.refuse_next = 4;
    world_.run(control::drop_unfinished_uploads(shared()));
    EXPECT_EQ(store_.open_uploads(), 1u);
    world_.run(control::drop_unfinished_uploads(shared()));
    EXPECT_EQ(store_.open_uploads(), 0u);
}

}  // namespace
}  // namespace gasper
