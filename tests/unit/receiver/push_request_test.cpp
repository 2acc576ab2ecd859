#include "receiver/git/push_request.hpp"

#include <gtest/gtest.h>

#include "receiver/git/ref_name.hpp"

namespace gasper::receiver {
namespace {

const std::string a(40, 'a'), b(40, 'b');

std::string list(const std::vector<std::string>& lines) {
    std::string wire;
    for (const auto& line : lines)
        append_pkt(wire, line);
    return wire.append(flush_pkt);
}

std::string refusal(const std::string& wire, push_limits limits = {}) {
    push_request_parser parser(limits);
    auto got = parser.feed(wire);
    return got ? *got ? "taken" : "waiting" : got.error().message;
}

TEST(push_request_test, reads_commands_and_capabilities_however_they_are_cut) {
    const auto caps = std::string(1, '\0') + " report-status-v2 side-band-64k atomic object-format=sha1 agent=git/2.39";
    const auto wire =
        list({a + " " + b + " refs/heads/main" + caps, a + " " + std::string(zero_oid) + " refs/tags/v1\n"});
    for (std::size_t cut = 1; cut < wire.size() + 4; cut += 7) {
        push_request_parser parser;
        std::optional<push_request> request;
        std::string rest = wire + "PACK";
        for (std::size_t at = 0; at < rest.size() && !request; at += cut) {
            auto got = parser.feed(std::string_view(rest).substr(at, cut));
            ASSERT_TRUE(got);
            request = *got;
        }
        ASSERT_TRUE(request);
        EXPECT_EQ(request->commands,
                  (std::vector<ref_command>{{a, b, "refs/heads/main"}, {a, std::string(zero_oid), "refs/tags/v1"}}));
        EXPECT_TRUE(request->report_status && request->side_band && request->atomic && request->wants_pack());
        EXPECT_FALSE(request->quiet);
        EXPECT_TRUE(std::string("PACK").starts_with(parser.take_rest()));
    }
}

TEST(push_request_test, takes_a_client_that_has_nothing_to_push) {
    push_request_parser parser;
    auto got = parser.feed("0000");
    ASSERT_TRUE(got && *got);
    EXPECT_TRUE((*got)->commands.empty());
    EXPECT_FALSE((*got)->wants_pack());
}

TEST(push_request_test, refuses_what_is_no_command) {
    EXPECT_EQ(refusal(list({"hello"})), "a line is not \"<old> <new> <ref>\"");
    EXPECT_EQ(refusal(list({a + " " + b + " "})), "a line is not \"<old> <new> <ref>\"");
    EXPECT_EQ(refusal(list({std::string(40, 'A') + " " + b + " refs/heads/x"})), "a line is not \"<old> <new> <ref>\"");
    EXPECT_EQ(refusal("0001"), "a packet has no place in the list of refs");
    EXPECT_NE(refusal("nope").find("no length"), std::string::npos);
}

TEST(push_request_test, says_what_is_not_supported) {
    EXPECT_NE(refusal(list({"shallow " + a})).find("shallow clone"), std::string::npos);
    EXPECT_NE(refusal(list({"push-cert\0x"})).find("signed pushes"), std::string::npos);
    const auto sha256 = std::string(1, '\0') + "report-status object-format=sha256";
    EXPECT_NE(refusal(list({a + " " + b + " refs/heads/x" + sha256})).find("SHA-1"), std::string::npos);
    const std::string long_id(64, 'a');
    EXPECT_NE(refusal(list({long_id + " " + long_id + " refs/heads/x"})).find("SHA-1"), std::string::npos);
}

TEST(push_request_test, bounds_lines_and_bytes) {
    std::vector<std::string> lines;
    for (int i = 0; i < 5; ++i)
        lines.push_back(a + " " + b + " refs/heads/x" + std::to_string(i));
    EXPECT_EQ(refusal(list(lines), {.commands = 5, .bytes = 10'000}), "taken");
    EXPECT_NE(refusal(list(lines), {.commands = 4, .bytes = 10'000}).find("at most 4"), std::string::npos);
    EXPECT_NE(refusal(list(lines), {.commands = 5, .bytes = 300}).find("too long"), std::string::npos);
}

TEST(push_request_test, advertises_an_empty_repository) {
    const auto wire = advertise({});
    EXPECT_EQ(wire.substr(4, 40), zero_oid);
    EXPECT_NE(wire.find(" capabilities^{}" + std::string(1, '\0')), std::string::npos);
    EXPECT_NE(wire.find("object-format=sha1"), std::string::npos);
    EXPECT_TRUE(wire.ends_with("\n0000"));
}

TEST(push_request_test, advertises_capabilities_on_the_first_ref_only) {
    const std::vector<advertised_ref> refs{{"refs/heads/main", a}, {"refs/tags/v1", b}};
    const auto wire = advertise(refs);
    EXPECT_EQ(wire.find("report-status "), wire.rfind("report-status "));
    EXPECT_NE(wire.find(b + " refs/tags/v1\n0000"), std::string::npos);
}

TEST(push_request_test, reports_one_line_per_ref) {
    const std::vector<ref_outcome> outcomes{{"refs/heads/a", ""}, {"refs/heads/b", "build\nfailed"}};
    EXPECT_EQ(report("ok", outcomes), "000eunpack ok\n0014ok refs/heads/a\n0021ng refs/heads/b build failed\n0000");
}

TEST(ref_name_test, follows_check_ref_format) {
    for (const char* good :
         {"refs/heads/main", "refs/heads/feature/x", "refs/tags/v1.0", "refs/heads/a@b", "refs/heads/ü"})
        EXPECT_TRUE(is_valid_ref_name(good)) << good;
    for (const char* bad : {"",
                            "main",
                            "HEAD",
                            "refs/heads",
                            "refs/heads/",
                            "refs//x",
                            "refs/heads/../x",
                            "refs/heads/.x",
                            "refs/heads/x.lock",
                            "refs/heads/x.lock/y",
                            "refs/heads/x..y",
                            "refs/heads/x y",
                            "refs/heads/x~1",
                            "refs/heads/x^",
                            "refs/heads/x:y",
                            "refs/heads/x?",
                            "refs/heads/*",
                            "refs/heads/[x",
                            "refs/heads/x\\y",
                            "refs/heads/x.",
                            "refs/heads/@{x",
                            "refs/heads/x\x7f",
                            "refs/heads/x\n",
                            "/refs/heads/x"})
        EXPECT_FALSE(is_valid_ref_name(bad)) << bad;
    EXPECT_FALSE(is_valid_ref_name("refs/heads/" + std::string(300, 'x')));
}

}  // namespace
}  // namespace gasper::receiver
