#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/audit.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

class audit_test : public testing::Test {
 protected:
    /// What was written down since the last look, oldest first.
    std::vector<std::string> told() {
        std::vector<std::string> all;
        for (const auto& e : world.read([this](SQLite::Database& db) { return store::audit_after(db, seen, 100); })) {
            all.push_back(e.user + " " + e.action + " " + e.app + " " + e.detail);
            seen = e.id;
        }
        return all;
    }

    std::int64_t seen{0};
    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::control_world world{dir.path(), cluster};
    control::platform& platform{world.platform()};
    const control::identity who{world.who()};
};

TEST_F(audit_test, each_change_that_is_neither_job_nor_release_is_written_down_once) {
    EXPECT_THAT(told(), ElementsAre("gasper user.created  ann, an admin"));
    world.deployed("hello");
    (void)told();
    ASSERT_TRUE(world.settle(platform.volumes().create(who, "files")));
    ASSERT_TRUE(world.settle(platform.volumes().destroy(who, "files", "files")));
    cron_line line{.schedule = "*/5 * * * *", .command = "tick --key secret"};
    const auto entry = world.settle(platform.cron().add(who, "hello", std::move(line))).value().entry.id;
    ASSERT_TRUE(world.settle(platform.cron().remove(who, "hello", entry.value)));
    ASSERT_TRUE(world.settle(platform.routings().maintain(who, "hello", true, "<h1>Back soon</h1>")));
    ASSERT_TRUE(world.settle(platform.routings().maintain(who, "hello", false, "")));
    ASSERT_TRUE(world.settle(platform.routings().autosleep(who, "hello", seconds(60), seconds(3600))));
    ASSERT_TRUE(world.settle(platform.accounts().ensure_user("bob", "password", false)));
    ASSERT_TRUE(world.settle(platform.accounts().ensure_user("bob", "passw0rd", true)));
    const auto cron = "hello entry " + std::to_string(entry.value) + ": */5 * * * *";
    EXPECT_THAT(told(),
                ElementsAre("ann volume.created  files", "ann volume.destroyed  files", "ann cron.added " + cron,
                            "ann cron.removed " + cron, "ann app.maintenance hello on", "ann app.maintenance hello off",
                            "ann app.autosleep hello after 60 s", "gasper user.created  bob",
                            "gasper user.password_reset  bob, an admin"));
}

TEST_F(audit_test, an_attached_process_is_written_down_as_a_detached_one_is) {
    world.deployed("hello");
    (void)told();
    cluster.has_terminals = true;
    control::run_request wanted{.app = "hello", .command = "rails console"};
    ASSERT_TRUE(world.settle(platform.one_offs().attach(who, wanted)));
    EXPECT_THAT(told(), ElementsAre("ann run.attached hello run.1"));
}

TEST_F(audit_test, what_is_refused_is_not_written_down) {
    world.deployed("hello");
    ASSERT_TRUE(world.settle(platform.volumes().create(who, "files")));
    (void)told();
    EXPECT_FALSE(world.settle(platform.volumes().create(who, "files")));
    EXPECT_FALSE(world.settle(platform.volumes().destroy(who, "files", "")));
    EXPECT_FALSE(world.settle(platform.cron().remove(who, "hello", 7)));
    EXPECT_FALSE(world.settle(platform.accounts().ensure_user("bob", "short", false)));
    EXPECT_THAT(told(), ElementsAre());
}

}  // namespace
}  // namespace gasper
