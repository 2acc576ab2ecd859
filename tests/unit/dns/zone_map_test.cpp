#include "dns/zone_map.hpp"

#include <gtest/gtest.h>

#include "dns/name.hpp"

namespace gasper::dns {
namespace {

void expect_refused(std::vector<record_set> records, std::string_view what) {
    table t;
    t.zones = {{"apps.test", std::move(records)}};
    const auto got = zone_map::compile(t);
    ASSERT_FALSE(got) << what;
    EXPECT_TRUE(got.error().message.starts_with("zone apps.test: ")) << got.error().message;
    EXPECT_NE(got.error().message.find(what), std::string::npos) << got.error().message;
}

TEST(zone_map, refuses_records_that_do_not_parse_and_names_them) {
    expect_refused({{"web", "A", 60, {"192.0.2.1", "::1"}}}, "web A \"::1\": must be an IPv4 address");
    expect_refused({{"web", "AAAA", 60, {"192.0.2.1"}}}, "IPv6");
    expect_refused({{"web", "A", 60, {"192.0.2.1 x"}}}, "more after its end");
    expect_refused({{"web", "MX", 60, {"mail"}}}, "the preference must be a number");
    expect_refused({{"web", "MX", 60, {"70000 mail"}}}, "0 to 65535");
    expect_refused({{"web", "SRV", 60, {"1 2 3"}}}, "the target must be a domain name");
    expect_refused({{"web", "TXT", 60, {"\"open"}}}, "string");
    expect_refused({{"web", "TXT", 60, {""}}}, "one string at least");
    expect_refused({{"web", "TXT", 60, {std::string(256, 'x')}}}, "255");
    expect_refused({{"web", "TXT", 60, {"\"" + std::string(256, 'x') + "\""}}}, "255");
    expect_refused({{"web", "TXT", 60, {"\"\\999\""}}}, "string");
    expect_refused({{"web", "CAA", 60, {"0 issue"}}}, "flags, a tag and a value");
    expect_refused({{"@", "SOA", 60, {"a b 1 2 3 4"}}}, "minimum");
    expect_refused({{"web", "NS", 60, {"a..b"}}}, "domain name");
    expect_refused({{"web", "PTR", 60, {"a"}}}, "unknown record type");
}

TEST(zone_map, refuses_what_no_zone_can_hold) {
    expect_refused({{"@", "CNAME", 60, {"web"}}}, "cannot be an alias");
    expect_refused({{"web", "SOA", 60, {"a b 1 2 3 4 5"}}}, "only the zone itself");
    expect_refused({{"web", "A", 60, {"192.0.2.1"}}, {"web", "CNAME", 60, {"b"}}}, "CNAME stands beside");
    expect_refused({{"web", "CNAME", 60, {"b"}}, {"web", "A", 60, {"192.0.2.1"}}}, "CNAME stands beside");
    expect_refused({{"web", "CNAME", 60, {"a", "b"}}}, "one record only");
    expect_refused({{"web", "A", 60, {"192.0.2.1"}}, {"WEB", "A", 60, {"192.0.2.2"}}}, "is there twice");
    expect_refused({{"web.example.org.", "A", 60, {"192.0.2.1"}}}, "not in the zone");
    expect_refused({{"xapps.test.", "A", 60, {"192.0.2.1"}}}, "not in the zone");
    expect_refused({{std::string(64, 'a'), "A", 60, {"192.0.2.1"}}}, "not in the zone");
    expect_refused({{"", "A", 60, {"192.0.2.1"}}}, "not in the zone");
}

TEST(zone_map, takes_a_record_that_is_there_twice_once_and_an_empty_set_as_none) {
    table t;
    t.zones = {{"t", {{"a", "A", 60, {"192.0.2.1", "192.0.2.1"}}, {"b", "A", 60, {}}}}};
    const auto zones = zone_map::compile(t).value();
    const auto* z = zones.find(std::string_view("\1t\0", 3));
    ASSERT_TRUE(z);
    EXPECT_EQ(z->find(std::string_view("\1a\1t\0", 5))->find(record_type::a)->records.size(), 1u);
    EXPECT_EQ(z->find(std::string_view("\1b\1t\0", 5)), nullptr);
}

TEST(name, reads_presentation_form) {
    const std::string_view origin("\1t\0", 3);
    EXPECT_EQ(name_from_text("Web", origin), std::string("\3web\1t\0", 7));
    EXPECT_EQ(name_from_text("a.b.", origin), std::string("\1a\1b\0", 5));
    EXPECT_EQ(name_from_text("@", origin), origin);
    EXPECT_EQ(name_from_text(".", origin), std::string("\0", 1));
    EXPECT_EQ(name_from_text("a\\.b\\032c.", origin), std::string("\5a.b c\0", 7));
    EXPECT_EQ(name_to_text(std::string_view("\5a.b c\0", 7)), "a\\046b\\032c");
    for (const auto* bad : {"", "..", ".a", "a..b", "a\\", "a\\25", "a\\256."})
        EXPECT_FALSE(name_from_text(bad, origin)) << bad;
    std::string longest;
    for (int i = 0; i < 125; ++i)
        longest += "a.";
    EXPECT_TRUE(name_from_text(longest + "b", origin));
    EXPECT_FALSE(name_from_text(longest + "bbb", origin));
}

}  // namespace
}  // namespace gasper::dns
