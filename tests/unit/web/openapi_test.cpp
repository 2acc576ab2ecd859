#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "web/routes.hpp"
#include "web/schema.hpp"

namespace gasper::web {
namespace {

using nlohmann::json;

const json& document() {
    static const json d = json::parse(openapi_document(routes(), "1.2.3"));
    return d;
}

std::string lower(method m) {
    std::string out(to_string(m));
    for (auto& c : out)
        c = static_cast<char>(c + 32);
    return out;
}

void collect_references(const json& value, std::set<std::string>& into) {
    if (value.is_object() && value.contains("$ref")) into.insert(value.at("$ref").get<std::string>());
    if (value.is_structured())
        for (const auto& part : value)
            collect_references(part, into);
}

TEST(openapi_test, says_what_it_is) {
    EXPECT_EQ(document().at("openapi"), "3.1.0");
    EXPECT_EQ(document().at("info").at("version"), "1.2.3");
}

TEST(openapi_test, has_every_route_and_no_more) {
    std::set<std::pair<std::string, std::string>> described, there;
    for (const auto& [path, operations] : document().at("paths").items())
        for (const auto& [verb, operation] : operations.items())
            described.emplace(path, verb);
    for (const auto& r : routes())
        there.emplace(std::string(r.pattern), lower(r.verb));
    EXPECT_EQ(described, there);
    EXPECT_EQ(there.size(), routes().size()) << "a route is in the table twice";
}

TEST(openapi_test, refers_only_to_schemas_that_are_there) {
    std::set<std::string> references;
    collect_references(document(), references);
    EXPECT_GT(references.size(), 10u);
    for (const auto& r : references)
        EXPECT_TRUE(document().contains(json::json_pointer(r.substr(1)))) << r;
    for (const auto& r : routes())
        for (const auto& a : r.answers)
            EXPECT_TRUE(a.schema.empty() || schemas().contains(std::string(a.schema))) << r.id;
}

TEST(openapi_test, names_each_operation_once) {
    std::set<std::string_view> ids;
    for (const auto& r : routes())
        EXPECT_TRUE(ids.insert(r.id).second) << r.id;
}

TEST(openapi_test, declares_each_parameter_of_a_path) {
    const auto& at = document().at("paths").at("/api/v1/apps/{app}/releases/{version}").at("get").at("parameters");
    ASSERT_EQ(at.size(), 2u);
    EXPECT_EQ(at[0].at("name"), "app");
    EXPECT_EQ(at[1].at("schema").at("type"), "integer");
    EXPECT_TRUE(at[1].at("required").get<bool>());
}

TEST(openapi_test, says_who_may_come) {
    EXPECT_EQ(document().at("security").size(), 2u);
    for (const auto& r : routes()) {
        const auto& operation = document().at("paths").at(std::string(r.pattern)).at(lower(r.verb));
        EXPECT_EQ(operation.contains("security"), r.anonymous) << r.id;
        EXPECT_EQ(operation.at("responses").contains("401"), !r.anonymous || r.body == "Login") << r.id;
    }
}

TEST(openapi_test, shows_refusals_as_problems) {
    const auto& refused = document().at("paths").at("/api/v1/apps").at("post").at("responses").at("422");
    EXPECT_EQ(refused.at("content").at("application/problem+json").at("schema").at("$ref"),
              "#/components/schemas/Problem");
}

}  // namespace
}  // namespace gasper::web
