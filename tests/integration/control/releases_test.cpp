#include <gtest/gtest.h>

#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class releases_test : public testing::Test {
 protected:
    void serve() {
        world.deployed("hello");
        ASSERT_TRUE(world.settle(world.platform().recover()));
        ASSERT_TRUE(world.until([&] { return world.routed("hello").size() == 1; }));
    }

    job_state set(const std::string& key, std::optional<std::string> value) {
        return world.finish(
            world.settle(world.platform().apps().set_config(world.who(), "hello", {{key, value}})).value());
    }

    release current() {
        auto releases = world.settle(world.platform().apps().releases(world.who(), "hello")).value();
        for (auto& r : releases)
            if (r.state == release_state::succeeded) return r;
        return {};
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::control_world world{dir.path(), cluster};
};

TEST_F(releases_test, a_config_change_makes_a_release_and_swaps_the_instances) {
    serve();
    const auto before = world.routed("hello");
    EXPECT_EQ(set("COLOR", "blue"), job_state::succeeded);
    EXPECT_EQ(current().version, 2);
    EXPECT_EQ(current().description, "Set COLOR config var");
    EXPECT_NE(world.routed("hello"), before);
    EXPECT_TRUE(world.until([&] { return cluster.containers.size() == 1; })) << "the old instance is not retired";
    EXPECT_EQ(cluster.environments[cluster.containers.begin()->first]["COLOR"], "blue");
    EXPECT_EQ(cluster.environments[cluster.containers.begin()->first]["GASPER_RELEASE"], "v2");
}

TEST_F(releases_test, nothing_changed_is_no_release) {
    serve();
    set("COLOR", "blue");
    EXPECT_FALSE(world.settle(world.platform().apps().set_config(world.who(), "hello", {{"COLOR", "blue"}})).value());
    EXPECT_EQ(current().version, 2);
}

TEST_F(releases_test, an_instance_that_never_listens_leaves_the_old_release_serving) {
    serve();
    const auto before = world.routed("hello");
    cluster.never_ready.insert("web.1");
    EXPECT_EQ(set("COLOR", "blue"), job_state::failed);
    EXPECT_EQ(world.routed("hello"), before);
    EXPECT_EQ(cluster.containers.size(), 1u);
    EXPECT_EQ(current().version, 1);
    const auto failed = world.settle(world.platform().apps().release_info(world.who(), "hello", 2)).value();
    EXPECT_EQ(failed.state, release_state::failed);
    EXPECT_EQ(failed.reason, "web.1 never listened");
    EXPECT_FALSE(world.settle(world.platform().apps().config(world.who(), "hello")).value().contains("COLOR"));
}

TEST_F(releases_test, an_engine_that_refuses_leaves_the_old_release_serving) {
    serve();
    cluster.refuse_start = "web.1";
    EXPECT_EQ(set("COLOR", "blue"), job_state::failed);
    EXPECT_EQ(cluster.containers.size(), 1u);
    EXPECT_EQ(world.routed("hello").size(), 1u);
}

TEST_F(releases_test, rolls_back_code_and_config) {
    serve();
    set("COLOR", "blue");
    set("COLOR", "red");
    const auto id = world.settle(world.platform().apps().rollback(world.who(), "hello", 0)).value();
    EXPECT_EQ(world.finish(id), job_state::succeeded);
    EXPECT_EQ(current().version, 4);
    EXPECT_EQ(current().description, "Rollback to v2");
    EXPECT_EQ(current().config.at("COLOR"), "blue");
}

TEST_F(releases_test, a_restart_is_nothing_to_roll_back_to) {
    serve();
    auto& apps = world.platform().apps();
    const auto restart = [&] { return world.finish(world.settle(apps.restart(world.who(), "hello")).value()); };
    EXPECT_EQ(restart(), job_state::succeeded);
    EXPECT_EQ(world.settle(apps.rollback(world.who(), "hello", 0)).error().code, "nothing_to_roll_back");
    set("COLOR", "blue");
    EXPECT_EQ(restart(), job_state::succeeded);
    EXPECT_EQ(restart(), job_state::succeeded);
    const auto id = world.settle(apps.rollback(world.who(), "hello", 0)).value();
    EXPECT_EQ(world.finish(id), job_state::succeeded);
    EXPECT_EQ(current().description, "Rollback to v2");
    EXPECT_FALSE(current().config.contains("COLOR"));
}

TEST_F(releases_test, refuses_a_rollback_to_nothing_to_itself_and_to_what_never_ran) {
    serve();
    auto& apps = world.platform().apps();
    EXPECT_EQ(world.settle(apps.rollback(world.who(), "hello", 0)).error().code, "nothing_to_roll_back");
    EXPECT_EQ(world.settle(apps.rollback(world.who(), "hello", 1)).error().code, "release_is_current");
    EXPECT_EQ(world.settle(apps.rollback(world.who(), "hello", 7)).error().code, "release_not_found");
    cluster.never_ready.insert("web.1");
    set("COLOR", "blue");
    EXPECT_EQ(world.settle(apps.rollback(world.who(), "hello", 2)).error().code, "release_not_runnable");
}

TEST_F(releases_test, destroys_an_app_with_everything_of_it) {
    serve();
    auto& apps = world.platform().apps();
    EXPECT_EQ(world.settle(apps.destroy(world.who(), "hello", "helo")).error().code, "confirm_mismatch");
    EXPECT_TRUE(world.settle(apps.destroy(world.who(), "hello", "hello")));
    EXPECT_TRUE(cluster.containers.empty());
    EXPECT_EQ(world.settle(apps.info(world.who(), "hello")).error().code, "app_not_found");
}

TEST_F(releases_test, a_strangers_app_is_not_there) {
    serve();
    const control::identity stranger{.id = {99}, .name = "eve"};
    auto& apps = world.platform().apps();
    EXPECT_EQ(world.settle(apps.info(stranger, "hello")).error().code, "app_not_found");
    EXPECT_EQ(world.settle(apps.config(stranger, "hello")).error().code, "app_not_found");
    EXPECT_EQ(world.settle(apps.set_config(stranger, "hello", {{"A", "b"}})).error().code, "app_not_found");
    EXPECT_EQ(world.settle(apps.destroy(stranger, "hello", "hello")).error().code, "app_not_found");
    EXPECT_TRUE(world.settle(apps.list(stranger)).value().empty());
}

}  // namespace
}  // namespace gasper
