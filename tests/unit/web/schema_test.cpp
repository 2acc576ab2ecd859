#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "web/schema.hpp"

namespace gasper::web {
namespace {

std::string refusal_of(std::string_view text) {
    nlohmann::json value;
    const auto read = parse_json(text, value);
    return read ? "" : read.error().code;
}

error check(std::string_view schema, std::string_view text) {
    nlohmann::json value;
    EXPECT_TRUE(parse_json(text, value)) << text;
    const auto fits = check_schema(schema, value);
    return fits ? error{} : fits.error();
}

TEST(json_test, reads_one_value) {
    nlohmann::json value;
    ASSERT_TRUE(parse_json(R"({"a": [1, "x", null]})", value));
    EXPECT_EQ(value.at("a").size(), 3u);
}

TEST(json_test, refuses_what_is_not_strict_json) {
    for (const char* bad :
         {"", "{", "{} {}", "{'a':1}", "{\"a\":1,}", "nan", "// x\n{}", "{\"a\":\"\xff\"}", "\"\xed\xa0\x80\""})
        EXPECT_EQ(refusal_of(bad), "malformed_json") << bad;
}

TEST(json_test, refuses_a_name_given_twice) {
    EXPECT_EQ(refusal_of(R"({"name":"a","name":"b"})"), "malformed_json");
    EXPECT_EQ(refusal_of(R"({"a":{"x":1},"b":{"x":1}})"), "");
}

TEST(json_test, refuses_deep_nesting_without_recursion) {
    EXPECT_EQ(refusal_of(std::string(1 << 20, '[')), "malformed_json");
    EXPECT_EQ(refusal_of("[[[[[[[[]]]]]]]]"), "");
    EXPECT_EQ(refusal_of("[[[[[[[[[]]]]]]]]]"), "malformed_json");
}

TEST(schema_test, accepts_a_body_that_fits) {
    EXPECT_EQ(check("Login", R"({"name":"ada","password":"x"})"), error{});
}

TEST(schema_test, names_an_unknown_field) {
    const auto why = check("Login", R"({"name":"ada","password":"x","admin":true})");
    EXPECT_EQ(why.kind, errc::invalid);
    EXPECT_EQ(why.code, "unknown_field");
    EXPECT_NE(why.message.find("/admin"), std::string::npos);
}

TEST(schema_test, names_a_missing_field) {
    const auto why = check("Login", R"({"name":"ada"})");
    EXPECT_EQ(why.code, "missing_field");
    EXPECT_NE(why.message.find("/password"), std::string::npos);
}

TEST(schema_test, refuses_wrong_types_and_bounds) {
    EXPECT_EQ(check("Login", R"({"name":1,"password":"x"})").code, "invalid_field");
    EXPECT_EQ(check("Login", R"({"name":"","password":"x"})").code, "invalid_field");
    EXPECT_EQ(check("Login", R"([])").code, "invalid_field");
    EXPECT_EQ(check("Login", R"(null)").code, "invalid_field");
    EXPECT_EQ(check("NewRelease", R"({"rollback":-1})").code, "invalid_field");
    EXPECT_EQ(check("NewRelease", R"({"rollback":1.5})").code, "invalid_field");
    EXPECT_EQ(check("NewRelease", R"({"rollback":18446744073709551615})").code, "invalid_field");
    EXPECT_EQ(check("NewRelease", R"({"rollback":99999999999999999999999})").code, "invalid_field");
    EXPECT_EQ(check("NewRelease", R"({"rollback":3})"), error{});
}

TEST(schema_test, takes_config_changes_in_herokus_form) {
    EXPECT_EQ(check("ConfigChanges", R"({"A":"1","B":null})"), error{});
    EXPECT_EQ(check("ConfigChanges", R"({"A":1})").code, "invalid_field");
    EXPECT_EQ(check("ConfigChanges", R"({"A":{"x":"y"}})").code, "invalid_field");
    EXPECT_EQ(check("ConfigChanges", R"({"A":")" + std::string(70'000, 'x') + R"("})").code, "invalid_field");
}

TEST(schema_test, follows_references) {
    EXPECT_EQ(check("Session", R"({"expires":"x","user":{"id":1,"name":"a","admin":false}})"), error{});
    EXPECT_NE(
        check("Session", R"({"expires":"x","user":{"id":"1","name":"a","admin":false}})").message.find("/user/id"),
        std::string::npos);
}

}  // namespace
}  // namespace gasper::web
