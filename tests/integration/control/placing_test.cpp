#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t gib = 1ll << 30;

class placing_test : public testing::Test {
 protected:
    control::instance_request wanted(const std::string& app, std::int64_t memory) {
        return {.app = app, .process = "web", .name = "web.1", .reserved = {memory, 0}};
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::control_world world{dir.path(), cluster};
};

TEST_F(placing_test, an_instance_goes_to_the_node_with_least_load) {
    cluster.machines = {{.name = "busy", .capacity = {8 * gib, 4}, .measured = {6 * gib, 3}},
                        {.name = "idle", .capacity = {8 * gib, 4}}};
    world.deployed("hello");
    ASSERT_TRUE(world.settle(world.platform().recover()));
    ASSERT_TRUE(world.until([&] { return cluster.containers.size() == 1; }));
    EXPECT_EQ(cluster.containers.begin()->second.node, "idle");
}

TEST_F(placing_test, two_that_start_at_once_do_not_get_the_same_room) {
    cluster.machines = {{.name = "small", .capacity = {gib, 4}}};
    const control::node_book nothing_said;
    control::placing placing(cluster, nothing_said);
    const control::fleet nothing;
    auto first = world.settle(placing.find_room(nothing, wanted("a", gib * 3 / 4)));
    ASSERT_TRUE(first);
    auto second = world.settle(placing.find_room(nothing, wanted("b", gib / 2)));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "no_capacity");
    EXPECT_THAT(second.error().message, HasSubstr("768 MiB of 1024 MiB"));
    first->give_back();
    EXPECT_TRUE(world.settle(placing.find_room(nothing, wanted("b", gib / 2))));
}

TEST_F(placing_test, what_runs_keeps_its_promise_and_what_ended_has_none) {
    cluster.machines = {{.name = "small", .capacity = {gib, 4}}};
    const control::node_book nothing_said;
    control::placing placing(cluster, nothing_said);
    control::fleet running;
    running.add({.container = "c1",
                 .app = "a",
                 .name = "web.1",
                 .process = "web",
                 .state = instance_state::up,
                 .node = "small",
                 .reserved = {gib, 0}});
    EXPECT_FALSE(world.settle(placing.find_room(running, wanted("b", gib / 2))));
    running.mark("c1", instance_state::crashed);
    EXPECT_TRUE(world.settle(placing.find_room(running, wanted("b", gib / 2))));
}

TEST_F(placing_test, nodes_show_what_runs_on_them_to_admins_only) {
    world.deployed("hello");
    ASSERT_TRUE(world.settle(world.platform().recover()));
    ASSERT_TRUE(world.until([&] { return world.routed("hello").size() == 1; }));
    const auto all = world.settle(world.platform().nodes().list(world.who()));
    ASSERT_TRUE(all && all->size() == 1);
    ASSERT_EQ(all->front().instances.size(), 1u);
    EXPECT_EQ(all->front().instances[0].app, "hello");
    EXPECT_EQ(all->front().instances[0].state, "up");
    EXPECT_EQ(world.settle(world.platform().nodes().info(world.who(), "nowhere")).error().code, "node_not_found");
    auto somebody = world.who();
    somebody.admin = false;
    EXPECT_EQ(world.settle(world.platform().nodes().list(somebody)).error().kind, errc::forbidden);
}

}  // namespace
}  // namespace gasper
