#include <gtest/gtest.h>

#include "control/fleet.hpp"

namespace gasper::control {
namespace {

runtime::observed_instance up(const std::string& name, int version, instance_state state = instance_state::up) {
    return {.container = name + "-v" + std::to_string(version),
            .app = "hello",
            .name = name,
            .process = name.substr(0, name.find('.')),
            .release = version,
            .address = "10.0.0.2",
            .port = 5000,
            .state = state};
}

std::vector<std::string> started(const plan& p) {
    std::vector<std::string> names;
    for (const auto& [name, process] : p.start)
        names.push_back(name);
    return names;
}

const process_types web_and_worker{{"web", "serve"}, {"worker", "work"}};

TEST(plan, wants_nothing_when_all_run) {
    EXPECT_TRUE(make_plan({{"web", 1}}, web_and_worker, 3, {up("web.1", 3)}).empty());
}

TEST(plan, starts_what_lacks) {
    const auto p = make_plan({{"web", 2}, {"worker", 1}}, web_and_worker, 3, {up("web.2", 3)});
    EXPECT_EQ(started(p), (std::vector<std::string>{"web.1", "worker.1"}));
    EXPECT_TRUE(p.stop.empty());
}

TEST(plan, replaces_an_instance_of_another_release) {
    const auto p = make_plan({{"web", 1}}, web_and_worker, 3, {up("web.1", 2)});
    EXPECT_EQ(started(p), std::vector<std::string>{"web.1"});
    ASSERT_EQ(p.stop.size(), 1u);
    EXPECT_EQ(p.stop[0].release, 2);
}

TEST(plan, replaces_a_crashed_instance) {
    const auto p = make_plan({{"web", 1}}, web_and_worker, 3, {up("web.1", 3, instance_state::crashed)});
    EXPECT_EQ(started(p), std::vector<std::string>{"web.1"});
    EXPECT_EQ(p.stop.size(), 1u);
}

TEST(plan, stops_a_double_and_what_is_over_the_formation) {
    const auto p = make_plan({{"web", 1}}, web_and_worker, 3, {up("web.1", 3), up("web.1", 3), up("web.2", 3)});
    EXPECT_TRUE(p.start.empty());
    EXPECT_EQ(p.stop.size(), 2u);
}

TEST(plan, ignores_a_process_type_that_the_release_lacks) {
    EXPECT_TRUE(make_plan({{"clock", 1}}, web_and_worker, 3, {}).empty());
}

TEST(fleet, routes_only_to_instances_that_are_up_and_of_the_serving_release) {
    fleet f;
    f.add(up("web.1", 2));
    f.add(up("web.1", 3));
    f.add(up("web.2", 3, instance_state::starting));
    f.add(up("worker.1", 3));
    const auto t = make_table({}, {{"hello", 3}}, f);
    ASSERT_EQ(t.routes.size(), 2u);
    EXPECT_EQ(t.routes[1].hosts, std::vector<std::string>{"hello.localhost"});
    ASSERT_EQ(t.routes[1].instances.size(), 1u);
    EXPECT_EQ(t.routes[1].instances[0].name, "web.1");
}

TEST(fleet, an_app_without_instances_keeps_its_route_and_name) {
    const auto t = make_table({}, {{"hello", 0}}, {});
    EXPECT_EQ(t.routes[1].app, "hello");
    EXPECT_TRUE(t.routes[1].instances.empty());
    const auto& records = t.zones.at(0).records;
    EXPECT_TRUE(
        std::any_of(records.begin(), records.end(), [](const auto& r) { return r.name == "hello" && r.type == "A"; }));
}

TEST(fleet, forgets_a_removed_container) {
    fleet f;
    f.add(up("web.1", 2));
    f.remove("web.1-v2");
    EXPECT_EQ(f.find("web.1-v2"), nullptr);
    EXPECT_TRUE(f.of("hello").empty());
}

}  // namespace
}  // namespace gasper::control
