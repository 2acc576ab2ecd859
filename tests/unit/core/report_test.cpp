#include "core/tables/report.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace gasper {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

std::optional<feed_report> read(const std::string& line) {
    return read_report(json::parse(line));
}

TEST(report_test, comes_back_from_its_lines) {
    feed_report r;
    r.leaving = leaving_instances{{{"10.0.0.1:5000", 3}, {"[::1]:5000", 1}}, true};
    r.wake = {"hello"};
    r.idle = {{"hello", 90'000ms}, {"other", 0ms}};
    r.traffic["hello"] = {
        .requests = 7, .by_class = {1, 0, 5, 0, 1, 0}, .latency_us = 1234, .bytes_out = 99, .in_flight = 2};
    r.traffic["hello"].latency[14] = 6;
    const auto lines = to_lines(r, {{"subscriber", "router"}});
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(read(lines[0]), r);
    EXPECT_EQ(json::parse(lines[0])["subscriber"], "router");
}

TEST(report_test, says_that_nothing_is_left_and_nothing_when_there_is_nothing_to_say) {
    EXPECT_TRUE(to_lines({}, {{"subscriber", "router"}}).empty());
    feed_report r;
    r.leaving.emplace();
    const auto lines = to_lines(r, {{"subscriber", "router"}});
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(read(lines[0]), r);
    EXPECT_EQ(read("{\"applied\":7}"), feed_report());
}

TEST(report_test, takes_as_many_lines_as_it_needs_and_each_fits) {
    feed_report r, whole;
    constexpr auto most = ~std::uint64_t{0};
    app_traffic busy{.requests = most, .latency_us = most, .bytes_out = most, .in_flight = ~0u};
    busy.by_class.fill(most);
    busy.latency.fill(most);
    for (int i = 0; i < 1000; ++i)
        r.traffic[std::string(100, 'a') + std::to_string(i)] = busy;
    r.leaving.emplace();
    for (int i = 0; i < 2000; ++i)
        r.leaving->in_flight["[2001:db8:1111:2222:3333:4444:5555:" + std::to_string(i) + "]:50000"] = most;
    for (const auto& line : to_lines(r, {{"subscriber", "router"}})) {
        EXPECT_LT(line.size(), report_limits::line);
        const auto part = read(line);
        ASSERT_TRUE(part);
        whole.traffic.insert(part->traffic.begin(), part->traffic.end());
        if (part->leaving) whole.leaving = part->leaving;
    }
    EXPECT_EQ(whole.traffic, r.traffic);
    ASSERT_TRUE(whole.leaving);
    EXPECT_EQ(whole.leaving->in_flight.size(), report_limits::leaving);
    EXPECT_FALSE(whole.leaving->complete) << "an instance that is not named may still be busy";
}

TEST(report_test, refuses_what_is_malformed) {
    for (const auto* line :
         {R"({"leaving":[]})", R"({"leaving":{"a":-1}})", R"({"leaving":{"":1}})", R"({"leaving":{"a":"b"}})",
          R"({"wake":"hello"})", R"({"idle_ms":{"a":1.5}})", R"({"traffic":{"a":7}})", R"({"traffic":{"a":{}}})",
          R"({"traffic":{"a":{"classes":[1,2],"latency":[]}}})"})
        EXPECT_FALSE(read(line)) << line;
    json many;
    for (std::size_t i = 0; i <= report_limits::leaving; ++i)
        many["leaving"]["a" + std::to_string(i)] = 1;
    EXPECT_FALSE(read_report(many));
    EXPECT_FALSE(read_report({{"wake", {{std::string(200, 'a'), true}}}}));
}

TEST(report_test, adds_traffic_up) {
    app_traffic sum{.requests = 1, .latency_us = 10, .in_flight = 5};
    app_traffic more{.requests = 2, .bytes_out = 7, .in_flight = 1};
    more.by_class[2] = more.latency[3] = 2;
    sum += more;
    EXPECT_EQ(sum.requests, 3u);
    EXPECT_EQ(sum.by_class[2], 2u);
    EXPECT_EQ(sum.latency[3], 2u);
    EXPECT_EQ(sum.bytes_out, 7u);
    EXPECT_EQ(sum.in_flight, 1u) << "a gauge: what is now";
}

}  // namespace
}  // namespace gasper
