#include <gtest/gtest.h>

#include "web/routes.hpp"

namespace gasper::web {
namespace {

task<result<response>> nothing(services&, call) {
    co_return response{};
}

const std::vector<route> table{
    {method::get, "/api/apps", nothing, "list", "", "", {}},
    {method::post, "/api/apps", nothing, "create", "", "", {}},
    {method::get, "/api/apps/{app}/releases/{version}", nothing, "release", "", "", {}},
    {method::get,
     "/api/logs",
     nothing,
     "logs",
     "",
     "",
     {},
     {{"lines", kind::integer, "", 0, 100}, {"follow", kind::boolean, ""}, {"name", kind::text, "", 1, 8, true}}},
};

found find(method m, const std::string& path) {
    return find_route(table, m, parse_target(path)->segments);
}

TEST(matching_test, finds_a_route_by_method_and_path) {
    EXPECT_EQ(find(method::post, "/api/apps").at->id, "create");
    EXPECT_EQ(find(method::get, "/api/apps").at->id, "list");
}

TEST(matching_test, finds_head_as_get) {
    EXPECT_EQ(find(method::head, "/api/apps").at->id, "list");
}

TEST(matching_test, gives_unescaped_parameters) {
    const auto at = find(method::get, "/api/apps/a%2Fb/releases/7");
    ASSERT_TRUE(at.at);
    EXPECT_EQ(at.path.at("app"), "a/b");
    EXPECT_EQ(at.path.at("version"), "7");
}

TEST(matching_test, does_not_match_a_parameter_out_of_its_bounds) {
    EXPECT_FALSE(find(method::get, "/api/apps/a/releases/0").at);
    EXPECT_FALSE(find(method::get, "/api/apps/a/releases/-1").at);
    EXPECT_FALSE(find(method::get, "/api/apps/a/releases/x").at);
    EXPECT_FALSE(find(method::get, "/api/apps/a/releases/99999999999999999999").at);
    EXPECT_FALSE(find(method::get, "/api/apps//releases/1").at);
}

TEST(matching_test, does_not_match_more_or_fewer_segments) {
    EXPECT_FALSE(find(method::get, "/api/apps/").at);
    EXPECT_FALSE(find(method::get, "/api").at);
    EXPECT_FALSE(find(method::get, "/").at);
}

TEST(matching_test, names_the_methods_of_a_path) {
    const auto at = find(method::del, "/api/apps");
    EXPECT_FALSE(at.at);
    EXPECT_EQ(at.allowed, (std::vector<method>{method::get, method::post}));
}

TEST(matching_test, refuses_query_parameters_by_name) {
    const auto code = [](const std::map<std::string, std::string>& query) {
        const auto checked = check_query(table[3], query);
        return checked ? "" : checked.error().code;
    };
    EXPECT_EQ(code({{"name", "x"}, {"lines", "100"}, {"follow", "true"}}), "");
    EXPECT_EQ(code({{"name", "x"}, {"lines", "101"}}), "invalid_parameter");
    EXPECT_EQ(code({{"name", "x"}, {"lines", "1e1"}}), "invalid_parameter");
    EXPECT_EQ(code({{"name", "x"}, {"follow", "yes"}}), "invalid_parameter");
    EXPECT_EQ(code({{"name", "too long by one"}}), "invalid_parameter");
    EXPECT_EQ(code({{"name", "x"}, {"more", "1"}}), "unknown_parameter");
    EXPECT_EQ(code({}), "missing_parameter");
}

TEST(target_test, takes_paths_apart_before_unescaping) {
    const auto t = parse_target("/a%2Fb/c?x=1%202&y=a+b&z");
    ASSERT_TRUE(t);
    EXPECT_EQ(t->segments, (std::vector<std::string>{"a/b", "c"}));
    EXPECT_EQ(t->query, (std::map<std::string, std::string>{{"x", "1 2"}, {"y", "a b"}, {"z", ""}}));
}

TEST(target_test, refuses_what_it_cannot_mean) {
    for (const char* bad : {"", "a", "http://x/", "/%", "/%4", "/%zz", "/%00", "/?a=1&a=2", "/?%=1", "*"})
        EXPECT_FALSE(parse_target(bad)) << bad;
    std::string many = "/?a0=1";
    for (int i = 1; i <= 32; ++i)
        many += "&a" + std::to_string(i) + "=1";
    EXPECT_FALSE(parse_target(many));
}

TEST(target_test, escapes_what_it_unescapes) {
    std::string all;
    for (int c = 1; c < 256; ++c)
        all += static_cast<char>(c);
    EXPECT_EQ(unescape(escape(all)).value(), all);
}

}  // namespace
}  // namespace gasper::web
