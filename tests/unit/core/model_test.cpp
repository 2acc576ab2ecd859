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

}  // namespace
}  // namespace gasper
