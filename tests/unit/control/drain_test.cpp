#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/drains/lines.hpp"
#include "control/drains/target.hpp"

namespace gasper::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

log_entry line(const std::string& text) {
    return {.sequence = 7,
            .at = log_time(std::chrono::milliseconds(1'767'323'045'678)),
            .source = "app[web.1]",
            .text = text};
}

TEST(drain_lines, are_rfc_5424_messages_with_their_length_before_them) {
    const std::string message =
        "<134>1 2026-01-02T03:04:05.678Z hello app web.1 - [gasper@32473 app=\"hello\" source=\"app[web.1\\]\" "
        "stream=\"stdout\" sequence=\"7\"] Grüße";
    EXPECT_EQ(syslog_frame(line("Grüße"), "hello"), std::to_string(message.size()) + " " + message);
}

TEST(drain_lines, say_what_came_from_standard_error_and_what_from_no_instance) {
    auto e = line("x");
    e.error = true;
    EXPECT_THAT(syslog_frame(e, "hello"), HasSubstr("<131>1 "));
    EXPECT_THAT(syslog_frame(e, "hello"), HasSubstr("stream=\"stderr\""));
    e.source = "router";
    EXPECT_THAT(syslog_frame(e, "hello"), HasSubstr(" hello router - - [gasper@32473 "));
}

TEST(drain_lines, a_source_cannot_break_out_of_its_field) {
    auto e = line("x");
    e.source = "app[a b\"]] - evil[x";
    const auto frame = syslog_frame(e, "hello");
    EXPECT_THAT(frame, HasSubstr("source=\"app[a b\\\"\\]\\] - evil[x\""));
    EXPECT_THAT(frame, HasSubstr(" app a_b\"]]_-_evil[ - ["));
}

TEST(drain_lines, are_json_whatever_their_bytes) {
    const auto all = nlohmann::json::parse(json_batch({line("a\xff\x01\"")}, "hello"));
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].at("app"), "hello");
    EXPECT_EQ(all[0].at("sequence"), 7);
    EXPECT_EQ(all[0].at("at"), "2026-01-02T03:04:05.678Z");
    EXPECT_EQ(all[0].at("stream"), "stdout");
    EXPECT_EQ(all[0].at("text"), "a\xef\xbf\xbd\x01\"");
}

TEST(drain_address, has_a_port_of_its_protocol) {
    EXPECT_EQ(parse_drain_address("syslog+tls://logs.example.org")->server.port, 6514);
    EXPECT_TRUE(parse_drain_address("syslog+tls://logs.example.org")->server.tls);
    EXPECT_EQ(parse_drain_address("syslog://[2001:db8::1]")->server.port, 514);
    EXPECT_EQ(parse_drain_address("syslog://logs.example.org:443")->server.port, 443);
    EXPECT_EQ(parse_drain_address("https://logs.example.org/in")->server.port, 443);
}

TEST(drain_address, is_shown_without_its_secrets) {
    const auto a = parse_drain_address("https://user:pa%20ss@logs.example.org/in?token=secret").value();
    EXPECT_EQ(a.shown, "https://logs.example.org:443/in");
    EXPECT_EQ(a.authorization, "Basic dXNlcjpwYSUyMHNz");
    EXPECT_EQ(a.server.target, "/in?token=secret");
    EXPECT_EQ(a.server.host, "logs.example.org");
}

TEST(drain_address, refuses_what_is_none_and_does_not_repeat_it) {
    for (const char* url : {"", "logs.example.org:514", "udp://h", "syslog://", "syslog://h/path", "syslog://user@h",
                            "syslog+tls://h:0", "https://h\r\nX: secret", "https:///secret"}) {
        const auto refused = parse_drain_address(url);
        ASSERT_FALSE(refused) << url;
        EXPECT_EQ(refused.error().code, "drain_url");
        EXPECT_THAT(refused.error().message, Not(HasSubstr("secret")));
    }
}

}  // namespace
}  // namespace gasper::control
