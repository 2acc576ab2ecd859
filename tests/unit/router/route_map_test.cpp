#include "router/route_map.hpp"

#include <gtest/gtest.h>

namespace gasper::router {
namespace {

table three_apps() {
    table t;
    t.version = 7;
    t.routes = {{"exact", {"a.example.org"}, {{"web.1", "127.0.0.1", 1}, {"web.2", "127.0.0.1", 2}}, false},
                {"wild", {"*.example.org"}, {{"web.1", "127.0.0.1", 3}}, false},
                {"rest", {"*"}, {}, true}};
    return t;
}

std::string app_of(const route_map& map, std::string_view host) {
    const auto* route = map.find(host);
    return route ? route->app : "none";
}

TEST(route_map_test, prefers_the_exact_name_then_one_label_then_any) {
    const route_map map(three_apps(), nullptr, 1, {});
    EXPECT_EQ(app_of(map, "a.example.org"), "exact");
    EXPECT_EQ(app_of(map, "b.example.org"), "wild");
    EXPECT_EQ(app_of(map, "c.b.example.org"), "rest");
    EXPECT_EQ(app_of(map, "example.org"), "rest");
    EXPECT_EQ(app_of(map, ".example.org"), "rest");
}

TEST(route_map_test, knows_nobody_without_a_table) {
    EXPECT_EQ(app_of(route_map{}, "a"), "none");
}

TEST(route_map_test, takes_the_instance_with_the_fewest_requests_in_turn_among_equals) {
    const route_map map(three_apps(), nullptr, 1, {});
    const auto* route = map.find("a.example.org");
    const auto now = clock::now();
    const auto first = route->choose({}, now);
    EXPECT_NE(route->choose({}, now), first);
    first->outstanding = 5;
    for (int i = 0; i < 4; ++i)
        EXPECT_NE(route->choose({}, now), first);
}

TEST(route_map_test, takes_a_refusing_instance_only_when_no_other_is_left_and_a_tried_one_never) {
    const route_map map(three_apps(), nullptr, 1, {});
    const auto* route = map.find("a.example.org");
    const auto now = clock::now();
    route->instances[0]->avoid_until(now + std::chrono::seconds(1));
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(route->choose({}, now), route->instances[1]);
    EXPECT_EQ(route->choose({route->instances[1].get()}, now), route->instances[0]);
    EXPECT_EQ(route->choose({route->instances[0].get(), route->instances[1].get()}, now), nullptr);
}

TEST(route_map_test, carries_instances_over_and_names_those_that_left) {
    const route_map before(three_apps(), nullptr, 1, {});
    auto next = three_apps();
    next.routes[0].instances.erase(next.routes[0].instances.begin());
    const route_map after(next, &before, 1, {});
    EXPECT_EQ(after.find("a.example.org")->instances[0], before.find("a.example.org")->instances[1]);
    const auto gone = after.retired_since(before);
    ASSERT_EQ(gone.size(), 1u);
    EXPECT_EQ(gone[0], before.find("a.example.org")->instances[0]);
}

TEST(route_map_test, gives_no_request_to_a_protocol_it_does_not_speak) {
    auto t = three_apps();
    t.routes[1].instances[0].protocol = instance_protocol::h2c;
    const route_map map(t, nullptr, 1, {});
    EXPECT_EQ(map.unusable(), 1u);
    EXPECT_TRUE(map.find("b.example.org")->instances.empty());
}

}  // namespace
}  // namespace gasper::router
