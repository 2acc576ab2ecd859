#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/supervision.hpp"
#include "core/store/nodes.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t gib = 1ll << 30;

class draining_test : public testing::Test {
 protected:
    void SetUp() override {
        cluster.machines = {{.name = "a", .capacity = {8 * gib, 4}}, {.name = "b", .capacity = {8 * gib, 4}}};
        start();
    }
    void start() { world = std::make_unique<test::control_world>(dir.path(), cluster); }
    void recover() { ASSERT_TRUE(world->settle(world->platform().recover())); }
    void restart() {
        world.reset();
        start();
        recover();
    }

    void serve(const std::string& name, formation wanted, settings_by_process said = {}) {
        world->deployed(name);
        world->store([&](SQLite::Database& db) {
            const auto a = store::find_app(db, name).value();
            auto r = store::add_release(db, world->box(),
                                        {.app = a.id,
                                         .description = "Deploy",
                                         .user = "ann",
                                         .code = {"", "stack"},
                                         .processes = {{"web", "serve"}, {"worker", "work"}},
                                         .set = said});
            store::make_current(db, r, "static", wanted);
        });
    }
    bool settled(std::size_t instances) {
        return world->until([&] { return cluster.containers.size() == instances && up() == instances; });
    }
    std::size_t up() const {
        const auto all = world->platform().shared().running.all();
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [](const auto& i) { return i.state == instance_state::up; }));
    }
    std::vector<std::string> on(const std::string& node) {
        std::vector<std::string> names;
        for (const auto& [id, i] : cluster.containers)
            if (i.node == node) names.push_back(i.app + " " + i.name);
        std::sort(names.begin(), names.end());
        return names;
    }
    job ended(const result<job_id>& id) {
        EXPECT_TRUE(id) << (id ? "" : id.error().message);
        if (!id) return {};
        world->finish(*id);
        return world->settle(world->jobs().info(*id)).value();
    }
    result<job_id> drain(const std::string& node, bool force = false) {
        return world->settle(world->platform().nodes().drain(world->who(), node, force));
    }
    std::string state(const std::string& node) {
        const auto n = world->settle(world->platform().nodes().info(world->who(), node)).value();
        return std::string(to_string(n.info.state));
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    std::unique_ptr<test::control_world> world;
};

TEST_F(draining_test, everything_moves_and_is_routed_before_the_old_ones_stop) {
    serve("hello", {{"web", 2}, {"worker", 2}});
    serve("other", {{"web", 2}});
    recover();
    ASSERT_TRUE(settled(6));
    ASSERT_THAT(on("a"), ::testing::SizeIs(3)) << "spread";
    const auto done = ended(drain("a"));
    EXPECT_EQ(done.state, job_state::succeeded) << done.reason;
    EXPECT_TRUE(world->until([&] { return on("a").empty(); }));
    EXPECT_THAT(on("b"), ElementsAre("hello web.1", "hello web.2", "hello worker.1", "hello worker.2", "other web.1",
                                     "other web.2"));
    EXPECT_EQ(world->routed("hello").size(), 2u);
    for (const auto& [name, most] : cluster.most_at_once)
        EXPECT_LE(most, 4) << name;
    EXPECT_EQ(state("a"), "draining");
}

TEST_F(draining_test, nothing_new_goes_to_a_drained_node_also_after_a_restart_until_it_is_activated) {
    recover();
    ASSERT_EQ(ended(drain("b")).state, job_state::succeeded);
    restart();
    EXPECT_EQ(state("b"), "draining");
    serve("hello", {{"web", 2}});
    const auto looked = world->settle(control::look_around(world->platform().shared()));
    ASSERT_TRUE(looked);
    ASSERT_TRUE(settled(2));
    EXPECT_THAT(on("b"), IsEmpty());
    ASSERT_TRUE(world->settle(world->platform().nodes().activate(world->who(), "b")));
    EXPECT_EQ(state("b"), "active");
    const auto scaled = world->settle(world->platform().formations().scale(world->who(), "hello", {{"web", 3}}));
    EXPECT_EQ(ended(scaled).state, job_state::succeeded);
    EXPECT_THAT(on("b"), ElementsAre("hello web.3"));
}

TEST_F(draining_test, the_only_machine_is_not_drained_without_force_and_says_why) {
    cluster.machines.pop_back();
    serve("hello", {{"web", 2}});
    recover();
    ASSERT_TRUE(settled(2));
    const auto refused = drain("a");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "no_capacity");
    EXPECT_THAT(refused.error().message, HasSubstr("of hello fits on no node: none is active"));
    EXPECT_THAT(refused.error().message, HasSubstr("--force"));
    EXPECT_EQ(state("a"), "active") << "a refusal changes nothing";
    EXPECT_EQ(cluster.containers.size(), 2u);
}

TEST_F(draining_test, force_stops_what_has_no_place_and_activating_starts_it_again) {
    cluster.machines.pop_back();
    serve("hello", {{"web", 2}});
    recover();
    ASSERT_TRUE(settled(2));
    const auto done = ended(drain("a", true));
    EXPECT_EQ(done.state, job_state::succeeded) << done.reason;
    ASSERT_TRUE(world->until([&] { return cluster.containers.empty(); }));
    EXPECT_THAT(world->routed("hello"), IsEmpty());
    ASSERT_TRUE(world->settle(world->platform().nodes().activate(world->who(), "a")));
    EXPECT_TRUE(settled(2));
    EXPECT_TRUE(world->until([&] { return world->routed("hello").size() == 2; }));
}

TEST_F(draining_test, an_exclusive_instance_is_never_there_twice) {
    process_settings alone;
    alone.exclusive = true;
    serve("hello", {{"web", 1}, {"worker", 1}}, {{"worker", alone}});
    recover();
    ASSERT_TRUE(settled(2));
    std::string node;
    for (const auto& [id, i] : cluster.containers)
        if (i.process == "worker") node = i.node;
    EXPECT_EQ(ended(drain(node)).state, job_state::succeeded);
    EXPECT_TRUE(world->until([&] { return on(node).empty(); }));
    EXPECT_TRUE(settled(2));
    EXPECT_EQ(cluster.most_at_once["worker.1"], 1);
}

TEST_F(draining_test, what_does_not_get_ready_elsewhere_stays_where_it_was) {
    serve("hello", {{"web", 1}});
    recover();
    ASSERT_TRUE(settled(1));
    const auto before = *cluster.containers.begin();
    cluster.never_ready = {"web.1"};
    const auto done = ended(drain(before.second.node));
    EXPECT_EQ(done.state, job_state::failed);
    EXPECT_THAT(done.reason, HasSubstr("never listened"));
    ASSERT_TRUE(world->until([&] { return cluster.containers.size() == 1; }));
    EXPECT_EQ(cluster.containers.begin()->first, before.first);
    EXPECT_THAT(world->routed("hello"), ElementsAre(before.second.address));
}

TEST_F(draining_test, a_reservation_and_labels_say_where_a_process_type_goes) {
    process_settings large, fast;
    large.reserved_memory = 6 * gib;
    fast.nodes = node_labels{{"disk", "ssd"}};
    recover();
    ASSERT_TRUE(world->settle(world->platform().nodes().label(world->who(), "b", {{"disk", "ssd"}, {"zone", "z"}})));
    restart();
    serve("hello", {{"web", 2}, {"worker", 2}}, {{"web", fast}, {"worker", large}});
    ASSERT_TRUE(world->settle(control::look_around(world->platform().shared())));
    ASSERT_TRUE(settled(4));
    EXPECT_THAT(on("a"), ElementsAre(::testing::StartsWith("hello worker"))) << "6 GiB are kept for each worker";
    EXPECT_THAT(on("b"), ::testing::SizeIs(3));
    const auto refused = drain("b");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("fits on no node"));
    const auto shown =
        world->settle(world->platform().nodes().label(world->who(), "b", {{"zone", ""}, {"rack", "7"}})).value();
    EXPECT_EQ(shown.info.labels, (node_labels{{"disk", "ssd"}, {"rack", "7"}}));
}

TEST_F(draining_test, only_admins_may) {
    recover();
    auto somebody = world->who();
    somebody.admin = false;
    auto& nodes = world->platform().nodes();
    EXPECT_EQ(world->settle(nodes.drain(somebody, "a", false)).error().kind, errc::forbidden);
    EXPECT_EQ(world->settle(nodes.activate(somebody, "a")).error().kind, errc::forbidden);
    EXPECT_EQ(world->settle(nodes.label(somebody, "a", {{"x", "y"}})).error().kind, errc::forbidden);
    EXPECT_EQ(world->settle(nodes.drain(world->who(), "nowhere", false)).error().code, "node_not_found");
}

}  // namespace
}  // namespace gasper
