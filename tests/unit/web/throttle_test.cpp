#include "web/throttle.hpp"

#include <gtest/gtest.h>

namespace gasper::web {
namespace {

using namespace std::chrono_literals;

const auto start = login_throttle::clock::time_point{} + 1h;

TEST(throttle_test, stops_guessing_a_password) {
    login_throttle t;
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(t.attempt("ada", "192.0.2.1", start), 0s);
    EXPECT_EQ(t.attempt("ada", "192.0.2.1", start), 30s);
    EXPECT_EQ(t.attempt("ada", "192.0.2.1", start + 10s), 20s);
    EXPECT_EQ(t.attempt("ada", "192.0.2.1", start + 31s), 0s);
}

TEST(throttle_test, lets_others_log_in_meanwhile) {
    login_throttle t;
    while (t.attempt("ada", "192.0.2.1", start) == 0s) {
    }
    EXPECT_EQ(t.attempt("bob", "192.0.2.1", start), 0s);
    EXPECT_EQ(t.attempt("ada", "192.0.2.2", start), 0s);
}

TEST(throttle_test, stops_one_address_with_many_names) {
    login_throttle t;
    int tries = 0;
    while (t.attempt("user" + std::to_string(tries), "192.0.2.1", start) == 0s)
        ++tries;
    EXPECT_EQ(tries, 20);
}

TEST(throttle_test, forgives_a_right_password) {
    login_throttle t;
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(t.attempt("ada", "192.0.2.1", start), 0s) << i;
        t.forgive("ada", "192.0.2.1");
    }
}

TEST(throttle_test, counts_an_ipv6_network_as_one_address) {
    EXPECT_EQ(throttled_network("2001:db8:1:2:3:4:5:6"), throttled_network("2001:db8:1:2::9"));
    EXPECT_NE(throttled_network("2001:db8:1:2::9"), throttled_network("2001:db8:1:3::9"));
    EXPECT_EQ(throttled_network("::ffff:192.0.2.1"), "192.0.2.1");
}

TEST(throttle_test, keeps_its_memory_bounded) {
    login_throttle t({5, 30s}, {20, 10s}, 100);
    for (int i = 0; i < 1000; ++i)
        t.attempt("ada", "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250),
                  start + std::chrono::milliseconds(i));
    EXPECT_LE(t.size(), 100u);
}

}  // namespace
}  // namespace gasper::web
