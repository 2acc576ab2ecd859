#include "core/tables/table.hpp"

#include <gtest/gtest.h>

namespace gasper {
namespace {

constexpr auto whole_table = R"({"version": 7,
 "routes": [{"app": "hello", "hosts": ["hello.localhost", "*.hello.test"], "maintenance": true,
             "maintenance_page": "<h1>later</h1>", "asleep": true, "sleep_after": 1800,
             "instances": [{"name": "web.1", "address": "127.0.0.1:9001", "protocol": "http1"},
                           {"name": "web.2", "address": "[::1]:9002", "protocol": "h2c"}]}],
 "certificates": [{"names": ["*.localhost"], "chain": "PEM", "key": "KEY"}],
 "zones": [{"name": "apps.test", "records": [{"name": "web", "type": "A", "ttl": 60, "data": ["192.0.2.1"]}]}]})";

table expected() {
    table t;
    t.version = 7;
    t.routes = {
        {"hello",
         {"hello.localhost", "*.hello.test"},
         {{"web.1", "127.0.0.1", 9001, instance_protocol::http1}, {"web.2", "::1", 9002, instance_protocol::h2c}},
         true,
         "<h1>later</h1>",
         true,
         1800}};
    t.certificates = {{{"*.localhost"}, "PEM", "KEY"}};
    t.zones = {{"apps.test", {{"web", "A", 60, {"192.0.2.1"}}}}};
    return t;
}

void expect_refused(std::string_view json, std::string_view pointer, std::string_view what) {
    const auto got = parse_table(json);
    ASSERT_FALSE(got) << json;
    EXPECT_EQ(got.error().kind, errc::invalid);
    EXPECT_TRUE(got.error().message.starts_with("table: " + std::string(pointer) + ": ")) << got.error().message;
    EXPECT_NE(got.error().message.find(what), std::string::npos) << got.error().message;
}

std::string with_route(std::string_view members) {
    return R"({"version":1,"routes":[{"app":"a","hosts":["a.test"],"instances":[])" +
           (members.empty() ? "" : "," + std::string(members)) + "}]}";
}

std::string with_instance(std::string_view instance) {
    return R"({"version":1,"routes":[{"app":"a","hosts":["a.test"],"instances":[)" + std::string(instance) + "]}]}";
}

TEST(table, reads_everything_a_table_has) {
    const auto got = parse_table(whole_table);
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(*got, expected());
}

TEST(table, reads_back_what_it_wrote) {
    const auto got = parse_table(to_json(expected()));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(*got, expected());
    EXPECT_EQ(*parse_table(to_json(table{})), table{});
}

TEST(table, takes_defaults_for_what_may_be_left_out) {
    const auto got = parse_table(with_instance(R"({"name":"web.1","address":"10.0.0.1:80"})"));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->routes[0].instances[0].protocol, instance_protocol::http1);
    EXPECT_FALSE(got->routes[0].maintenance);
    EXPECT_EQ(parse_table(R"({"version":1,"zones":[{"name":"a.test","records":[{"name":"@","type":"A","data":[]}]}]})")
                  ->zones[0]
                  .records[0]
                  .ttl,
              60u);
}

TEST(table, ignores_settings_of_a_route_that_it_does_not_know) {
    EXPECT_TRUE(parse_table(with_route(R"("sticky":{"cookie":"x"})")));
}

TEST(table, refuses_unknown_keys_everywhere_else) {
    expect_refused(R"({"version":1,"rotes":[]})", "/rotes", "unknown key");
    expect_refused(with_instance(R"({"name":"w","address":"10.0.0.1:80","port":1})"), "/routes/0/instances/0/port",
                   "unknown key");
    expect_refused(R"({"version":1,"certificates":[{"names":[],"chain":"","key":"","pin":1}]})", "/certificates/0/pin",
                   "unknown key");
    expect_refused(R"({"version":1,"zones":[{"name":"a","records":[],"a/b~c":1}]})", "/zones/0/a~1b~0c", "unknown key");
}

TEST(table, names_the_place_of_what_is_missing_or_of_the_wrong_kind) {
    expect_refused("{}", "/version", "missing");
    expect_refused("[]", "/", "object");
    expect_refused(R"({"version":-1})", "/version", "whole number");
    expect_refused(R"({"version":1.5})", "/version", "whole number");
    expect_refused(R"({"version":1,"routes":{}})", "/routes", "array");
    expect_refused(R"({"version":1,"routes":[7]})", "/routes/0", "object");
    expect_refused(R"({"version":1,"routes":[{"hosts":[],"instances":[]}]})", "/routes/0/app", "missing");
    expect_refused(with_route(R"("maintenance":"yes")"), "/routes/0/maintenance", "true or false");
    expect_refused("{\"version\":1,", "/", "not JSON");
    expect_refused("", "/", "not JSON");
    expect_refused("\xff\xfe", "/", "not JSON");
}

TEST(table, refuses_addresses_that_are_not_numeric_with_a_port) {
    for (const auto* address : {"localhost:80", "10.0.0.1", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "::1:80",
                                "[10.0.0.1]:80", "[::1]", "10.0.0.1:80x", "10.0.0.1:-1", ":80", "", "[]:80"})
        expect_refused(with_instance(R"({"name":"w","address":")" + std::string(address) + "\"}"),
                       "/routes/0/instances/0/address", "must be like");
    expect_refused(with_instance(R"({"name":"w","address":"10.0.0.1:80","protocol":"h3"})"),
                   "/routes/0/instances/0/protocol", "h2c");
    expect_refused(with_instance(R"({"name":"w\n","address":"10.0.0.1:80"})"), "/routes/0/instances/0/name",
                   "may only");
}

TEST(table, refuses_hosts_that_could_never_match) {
    for (const auto* host : {"A.test", "a..test", "", "a.test.", "*.*.test", "a b", "*x.test", "[::1", "[1.2.3.4]"})
        expect_refused(R"({"version":1,"routes":[{"app":"a","instances":[],"hosts":[")" + std::string(host) + "\"]}]}",
                       "/routes/0/hosts/0", "host name");
    for (const auto* host : {"*", "*.test", "a-b_c.test", "[::1]", "127.0.0.1"})
        EXPECT_TRUE(parse_table(R"({"version":1,"routes":[{"app":"a","instances":[],"hosts":[")" + std::string(host) +
                                "\"]}]}"));
}

TEST(table, refuses_a_host_of_two_routes_and_a_zone_named_twice) {
    expect_refused(R"({"version":1,"routes":[{"app":"a","hosts":["x"],"instances":[]},
                                             {"app":"b","hosts":["y","x"],"instances":[]}]})",
                   "/routes/1/hosts/1", "another route");
    expect_refused(R"({"version":1,"zones":[{"name":"a","records":[]},{"name":"a","records":[]}]})", "/zones/1/name",
                   "another zone");
}

TEST(table, bounds_the_count_of_everything) {
    const auto repeat = [](std::size_t n, const auto& make) {
        std::string out;
        for (std::size_t i = 0; i < n; ++i)
            out += (i ? "," : "") + make(i);
        return out;
    };
    const auto host = [](std::size_t i) { return "\"h" + std::to_string(i) + "\""; };
    const auto hosts = [&](std::size_t n) {
        return R"({"version":1,"routes":[{"app":"a","instances":[],"hosts":[)" + repeat(n, host) + "]}]}";
    };
    EXPECT_TRUE(parse_table(hosts(64)));
    expect_refused(hosts(65), "/routes/0/hosts", "more than 64");
    const auto one = [](std::size_t) { return std::string(R"({"name":"w","address":"10.0.0.1:80"})"); };
    EXPECT_TRUE(parse_table(with_instance(repeat(1024, one))));
    expect_refused(with_instance(repeat(1025, one)), "/routes/0/instances", "more than 1024");
    const auto zone = [](std::size_t i) { return R"({"records":[],"name":"z)" + std::to_string(i) + "\"}"; };
    expect_refused(R"({"version":1,"zones":[)" + repeat(1001, zone) + "]}", "/zones", "more than 1000");
}

TEST(table, bounds_bytes_values_and_depth_before_it_builds_them) {
    const auto large = parse_table(std::string((64u << 20) + 1, ' '));
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().kind, errc::too_large);
    expect_refused(std::string(1 << 20, '['), "/", "nested too deeply");
    std::string many = "[";
    while (many.size() < 10'100'000)
        many += "0,0,0,0,0,0,0,0,";
    expect_refused(many + "0]", "/", "too many values");
}

TEST(table, refuses_record_types_and_ttls_out_of_range) {
    expect_refused(R"({"version":1,"zones":[{"name":"a","records":[{"name":"@","type":"NSEC","data":[]}]}]})",
                   "/zones/0/records/0/type", "must be A");
    expect_refused(
        R"({"version":1,"zones":[{"name":"a","records":[{"name":"@","type":"A","ttl":2147483648,"data":[]}]}]})",
        "/zones/0/records/0/ttl", "2147483647");
    expect_refused(R"({"version":1,"zones":[{"name":"A.test","records":[]}]})", "/zones/0/name", "lower case");
}

}  // namespace
}  // namespace gasper
