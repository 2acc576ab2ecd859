#include <gtest/gtest.h>

#include <set>

#include "runtime/services/kind.hpp"
#include "runtime/stacks/recipe.hpp"

namespace gasper::runtime {
namespace {

TEST(service_kind_test, every_kind_is_whole) {
    ASSERT_FALSE(all_kinds().empty());
    std::set<std::string> names;
    for (const auto& k : all_kinds()) {
        EXPECT_TRUE(names.insert(k.name).second) << k.name;
        for (const auto& alias : k.aliases)
            EXPECT_TRUE(names.insert(alias).second) << alias;
        for (const char* part : {"{user}", "{password}", "{host}", "{port}"})
            EXPECT_NE(k.url.find(part), std::string::npos) << k.name << " " << part;
        ASSERT_TRUE(k.outside) << k.name;
        for (const char* part : {"{user}", "{password}", "{host}", "{port}"})
            EXPECT_NE(k.outside->url.find(part), std::string::npos) << k.name << " " << part;
        EXPECT_TRUE(check_tls_start(k.outside->begin)) << k.name;
        EXPECT_NE(k.plan("small"), nullptr) << k.name;
        for (const auto& version : k.versions) {
            std::set<std::string_view> files;
            for (const auto& file : recipe(k.recipe(version))) {
                files.insert(file.path);
                if (file.path == "gasper-service") {
                    EXPECT_TRUE(file.executable) << k.name;
                }
                if (file.path == "Dockerfile") {
                    EXPECT_FALSE(parents_of(file.content).empty()) << k.name;
                    for (const auto& parent : parents_of(file.content))
                        EXPECT_FALSE(recipe(parent).empty()) << k.name << " " << version << ": " << parent;
                }
            }
            EXPECT_TRUE(files.contains("Dockerfile") && files.contains("gasper-service")) << k.name << " " << version;
            EXPECT_FALSE(files.contains("service.yml"));
        }
    }
}

TEST(service_kind_test, a_kind_is_found_by_its_aliases_and_a_recipe_only_of_a_version_that_is_there) {
    ASSERT_NE(find_kind("postgresql"), nullptr);
    EXPECT_EQ(find_kind("postgresql"), find_kind("postgres"));
    EXPECT_EQ(find_kind("oracle"), nullptr);
    EXPECT_TRUE(recipe("service-postgres-1").empty());
    EXPECT_TRUE(recipe("service-oracle-15").empty());
    EXPECT_TRUE(recipe("service-").empty());
}

TEST(service_kind_test, a_console_is_what_the_description_says) {
    EXPECT_EQ(find_kind("postgres")->console, "psql");
    EXPECT_NE(find_kind("mongodb")->console.find("no console of MongoDB"), std::string::npos);
    const auto none =
        parse_kind("plain",
                   "title: A\nversions: [\"1\"]\nport: 1\nvariable: A_URL\nurl: a\ndump: d\n"
                   "dump_extension: d\nplans: {small: {memory: 16m, cpus: 1, processes: 1, disk: 16m}}\n");
    ASSERT_TRUE(none) << none.error().message;
    EXPECT_TRUE(none->console.empty());
}

TEST(service_kind_test, whether_a_log_can_be_archived_is_what_the_description_says) {
    EXPECT_TRUE(find_kind("postgres")->archives);
    EXPECT_FALSE(find_kind("redis")->archives);
}

TEST(service_kind_test, postgresql_comes_in_two_versions_of_which_the_first_is_the_default) {
    EXPECT_EQ(find_kind("postgres")->versions, (std::vector<std::string>{"15", "17"}));
    EXPECT_EQ(suite_of("trixie", "bookworm"), "trixie");
}

TEST(service_kind_test, a_url_is_made_of_its_parts) {
    EXPECT_EQ(service_url(*find_kind("postgres"), service_host_name("blue"), 5432, "u_1", "secret"),
              "postgres://u_1:secret@blue.db.internal:5432/app");
}

TEST(service_kind_test, a_url_for_outside_asks_for_tls_and_pins_the_certificate) {
    const auto url = [](const char* kind, const std::string& host) {
        return outside_url(*find_kind(kind)->outside, host, 7000, "u_1", "secret", "blue.crt");
    };
    EXPECT_EQ(url("postgres", "db.example.org"),
              "postgres://u_1:secret@db.example.org:7000/app?sslmode=verify-full&sslrootcert=blue.crt");
    EXPECT_EQ(url("redis", "2001:db8::1"), "rediss://u_1:secret@[2001:db8::1]:7000/0");
    EXPECT_EQ(url("mongodb", "192.0.2.1"),
              "mongodb://u_1:secret@192.0.2.1:7000/app?retryWrites=false&tls=true&tlsCAFile=blue.crt");
}

TEST(service_kind_test, a_wrong_way_to_begin_tls_is_refused) {
    const std::string whole =
        "title: A\nversions: [\"1\"]\nport: 1\nvariable: A\nurl: a\ndump: a\ndump_extension: a\n"
        "plans: {small: {memory: 64m, cpus: 1, processes: 9, disk: 1g}}\n";
    ASSERT_TRUE(parse_kind("a", whole));
    EXPECT_TRUE(parse_kind("a", whole + "outside: {url: a, ask: \"0a\", answer: \"0b\"}\n"));
    for (const char* wrong : {"{url: a, ask: \"0\", answer: \"0b\"}", "{url: a, ask: \"0g\", answer: \"0b\"}",
                              "{url: a, ask: \"0a\"}", "{ask: \"0a\", answer: \"0b\"}"})
        EXPECT_FALSE(parse_kind("a", whole + "outside: " + wrong + "\n")) << wrong;
}

TEST(service_kind_test, a_description_that_says_too_little_is_refused) {
    for (const char* text :
         {"", "title: [", "title: A\nversions: []\n", "title: A\nversions: [\"1\"]\nport: 99999\n"}) {
        const auto k = parse_kind("broken", text);
        ASSERT_FALSE(k) << text;
        EXPECT_EQ(k.error().code, "service_kind");
    }
}

}  // namespace
}  // namespace gasper::runtime
