#include "core/model/process_settings.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/model/app_json.hpp"

namespace gasper {
namespace {

using std::chrono::seconds;

TEST(process_settings_test, the_later_word_wins_and_what_is_not_said_stays) {
    release r{.limit = {.memory_bytes = 512 << 20, .cpus = 1, .processes = 256},
              .declared = {{"web", {.memory_bytes = 256 << 20, .cpus = 0.5}}},
              .set = {{"web", {.cpus = 2.0}}}};
    const auto web = rules_of(r, "web");
    EXPECT_EQ(web.limit.memory_bytes, 256 << 20);
    EXPECT_EQ(web.limit.cpus, 2.0);
    EXPECT_EQ(web.limit.processes, 256);
    EXPECT_EQ(rules_of(r, "worker").limit, r.limit);
}

TEST(process_settings_test, comes_back_from_the_store_as_it_went_in) {
    settings_by_process said{
        {"web",
         {.memory_bytes = 1ll << 30,
          .health = health_check{.kind = health_check::probe::http, .path = "/up", .timeout = seconds(2)}}},
        {"worker",
         {.cpus = 0.25,
          .processes = 12,
          .disk_bytes = 64ll << 20,
          .reserved_memory = 0,
          .reserved_cpus = 0.5,
          .nodes = node_labels{{"disk", "ssd"}},
          .exclusive = true,
          .stop_timeout = seconds(90),
          .health = health_check{.kind = health_check::probe::command, .command = "test -f ok", .retries = 9}}}};
    EXPECT_EQ(settings_from_json(to_json(said)), said);
    EXPECT_TRUE(settings_from_json("{}").empty());
}

TEST(process_settings_test, reads_sizes_as_people_write_them) {
    EXPECT_EQ(parse_memory("512m").value(), 512ll << 20);
    EXPECT_EQ(parse_memory("1.5G").value(), 3ll << 29);
    EXPECT_EQ(parse_memory("2GiB").value(), 2ll << 30);
    EXPECT_EQ(parse_memory("67108864").value(), 64ll << 20);
    for (const char* bad : {"", "m", "-1g", "8m", "512q", "1e30g", "nan", "inf", "512 m x"})
        EXPECT_FALSE(parse_memory(bad)) << bad;
    EXPECT_EQ(parse_disk("8m").value(), 8ll << 20);
    EXPECT_FALSE(parse_disk("100k"));
}

TEST(process_settings_test, reads_labels_as_people_write_them) {
    EXPECT_EQ(parse_labels("disk=ssd,zone=a/1").value(), (node_labels{{"disk", "ssd"}, {"zone", "a/1"}}));
    EXPECT_TRUE(parse_labels("").value().empty());
    for (const char* bad : {"disk", "=ssd", "disk=", "a b=c", "a=b;c"})
        EXPECT_FALSE(parse_labels(bad)) << bad;
    EXPECT_FALSE(parse_labels("a=" + std::string(64, 'x')));
}

TEST(process_settings_test, holds_people_to_bounds) {
    EXPECT_FALSE(check_settings({.reserved_memory = -1}, "web"));
    EXPECT_TRUE(check_settings({.reserved_memory = 0, .reserved_cpus = 0}, "web"));
    EXPECT_FALSE(check_settings({.reserved_cpus = std::nan("")}, "web"));
    EXPECT_FALSE(check_settings({.nodes = node_labels{{"", "x"}}}, "web"));
    EXPECT_TRUE(check_settings({}, "web"));
    EXPECT_FALSE(check_settings({.memory_bytes = 1}, "web"));
    EXPECT_FALSE(check_settings({.cpus = 0}, "web"));
    EXPECT_FALSE(check_settings({.cpus = std::nan("")}, "web"));
    EXPECT_FALSE(check_settings({.processes = 1}, "web"));
    EXPECT_FALSE(check_settings({.disk_bytes = 1}, "web"));
    EXPECT_TRUE(check_settings({.disk_bytes = 1ll << 20}, "web"));
    EXPECT_FALSE(check_settings({.stop_timeout = seconds(-1)}, "web"));
    health_check h{.kind = health_check::probe::http, .path = "health"};
    EXPECT_FALSE(check_settings({.health = h}, "web"));
    h.path = "/he alth";
    EXPECT_FALSE(check_settings({.health = h}, "web"));
    h.path = "/health";
    EXPECT_TRUE(check_settings({.health = h}, "web"));
    h.retries = 0;
    EXPECT_FALSE(check_settings({.health = h}, "web"));
}

TEST(app_json_test, reads_formation_and_checks) {
    const auto read = parse_app_json(R"({"name": "x", "cron": [],
        "formation": {"web": {"quantity": 2, "memory": "256m", "disk": "1g", "cpus": 1, "exclusive": true, "stop_timeout": 5}},
        "healthchecks": {"web": [{"type": "startup", "path": "/up", "attempts": 4, "wait": 7, "start_deadline": 9}],
                         "worker": [{"command": ["test", "-f", "it's ok"]}]}})");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->quantities, (formation{{"web", 2}}));
    const auto& web = read->settings.at("web");
    EXPECT_EQ(web.memory_bytes, 256ll << 20);
    EXPECT_EQ(web.disk_bytes, 1ll << 30);
    EXPECT_EQ(web.cpus, 1.0);
    EXPECT_EQ(web.exclusive, true);
    EXPECT_EQ(web.stop_timeout, seconds(5));
    EXPECT_EQ(web.health->path, "/up");
    EXPECT_EQ(web.health->retries, 4);
    EXPECT_EQ(web.health->interval, seconds(7));
    EXPECT_EQ(web.health->start_deadline, seconds(9));
    EXPECT_EQ(read->settings.at("worker").health->command, "'test' '-f' 'it'\\''s ok'");
    EXPECT_TRUE(parse_app_json("{}"));
}

TEST(app_json_test, says_where_a_value_is_wrong) {
    const std::pair<const char*, const char*> cases[] = {
        {"[]", "the file"},
        {"{", "the file"},
        {R"({"formation": []})", "formation"},
        {R"({"formation": {"web": 3}})", "formation.web"},
        {R"({"formation": {"web": {"quantity": 101}}})", "formation.web.quantity"},
        {R"({"formation": {"web": {"quantity": 18446744073709551615}}})", "formation.web.quantity"},
        {R"({"formation": {"web": {"memory": "lots"}}})", "formation.web.memory"},
        {R"({"formation": {"web": {"reserve_memory": true}}})", "formation.web.reserve_memory"},
        {R"({"formation": {"web": {"nodes": {"disk": 1}}}})", "formation.web.nodes"},
        {R"({"formation": {"web": {"memory": 1}}})", "formation.web"},
        {R"({"formation": {"web": {"disk": "1k"}}})", "formation.web.disk"},
        {R"({"formation": {"web": {"disk": []}}})", "formation.web.disk"},
        {R"({"formation": {"web": {"cpus": "1"}}})", "formation.web.cpus"},
        {R"({"formation": {"web": {"exclusive": 1}}})", "formation.web.exclusive"},
        {R"({"formation": {"": {}}})", "formation"},
        {R"({"healthchecks": {"web": {}}})", "healthchecks.web"},
        {R"({"healthchecks": {"web": [{"path": 1}]}})", "healthchecks.web.path"},
        {R"({"healthchecks": {"web": [{"command": [1]}]}})", "healthchecks.web.command"},
        {R"({"healthchecks": {"web": [{"timeout": 9223372036854775807}]}})", "healthchecks.web"},
    };
    for (const auto& [text, where] : cases) {
        const auto read = parse_app_json(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code == "app_json_invalid" || read.error().code == "settings_invalid", true) << text;
        EXPECT_NE(read.error().message.find(std::string("app.json: ") + where), std::string::npos)
            << read.error().message;
    }
}

}  // namespace
}  // namespace gasper
