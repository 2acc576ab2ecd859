#include "core/model/model.hpp"

#include <gtest/gtest.h>

namespace gasper {
namespace {

TEST(app_name, takes_what_dns_and_ssh_take) {
    for (const char* name : {"hello", "a1", "my-app-2", "abcdefghijklmnopqrstuvwxyz1234"})
        EXPECT_TRUE(check_app_name(name)) << name;
}

TEST(app_name, refuses_the_rest_and_says_why) {
    for (const char* name : {"", "a", "1app", "-app", "app-", "App", "a_b", "a.b", "../etc",
                             "abcdefghijklmnopqrstuvwxyz12345", "git", "gasper", "www", "a\nb", "a b"}) {
        const auto fits = check_app_name(name);
        ASSERT_FALSE(fits) << name;
        EXPECT_EQ(fits.error().code, "app_name_invalid");
        EXPECT_FALSE(fits.error().message.empty());
    }
}

TEST(config_var, refuses_gaspers_own_names_bad_names_and_large_values) {
    EXPECT_TRUE(check_config_var("DATABASE_URL", "postgres://x"));
    EXPECT_TRUE(check_config_var("_x1", ""));
    for (const char* name : {"PORT", "GASPER_APP", "1A", "", "A-B", "A B", "Ä"})
        EXPECT_FALSE(check_config_var(name, "x")) << name;
    EXPECT_TRUE(check_config_var("A", std::string(65536, 'x')));
    EXPECT_FALSE(check_config_var("A", std::string(65537, 'x')));
    EXPECT_FALSE(check_config_var("A", std::string("a\0b", 3)));
}

TEST(time, is_printed_in_utc_with_milliseconds) {
    EXPECT_EQ(to_rfc3339(sys_time(std::chrono::milliseconds(1'767'326'645'678))), "2026-01-02T04:04:05.678Z");
}

TEST(rfc3339, is_read_as_it_is_written_and_with_offsets) {
    const auto noon = sys_time(std::chrono::seconds(1784116800));
    EXPECT_EQ(to_rfc3339(noon), "2026-07-15T12:00:00.000Z");
    for (const char* same :
         {"2026-07-15T12:00:00Z", "2026-07-15t12:00:00.000z", "2026-07-15 14:00:00+02:00", "2026-07-15T11:30:00-00:30",
          "2026-07-15T12:00:00.000999999Z", "2026-07-14T13:00:00-23:00"})
        EXPECT_EQ(parse_rfc3339(same).value(), noon) << same;
    EXPECT_EQ(parse_rfc3339("2026-07-15T12:00:00.25Z").value(), noon + std::chrono::milliseconds(250));
    const auto odd = noon + std::chrono::milliseconds(7);
    EXPECT_EQ(parse_rfc3339(to_rfc3339(odd)).value(), odd);
}

TEST(rfc3339, what_is_none_is_refused) {
    for (const char* bad : {"", "now", "2026-07-15", "2026-07-15T12:00:00", "2026-07-15T12:00Z", "2026-02-30T12:00:00Z",
                            "2026-07-15T24:00:00Z", "2026-07-15T12:60:00Z", "2026-07-15T12:00:00.Z",
                            "2026-07-15T12:00:00.1234567890Z", "2026-07-15T12:00:00+0200", "2026-07-15T12:00:00+24:00",
                            "2026-07-15T12:00:00Zx", "x026-07-15T12:00:00Z", "2026/07/15T12:00:00Z"})
        EXPECT_EQ(parse_rfc3339(bad).error().code, "time") << bad;
}

}  // namespace
}  // namespace gasper
