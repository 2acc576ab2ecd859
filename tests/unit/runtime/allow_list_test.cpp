#include "runtime/services/allow_list.hpp"

#include <gtest/gtest.h>

namespace gasper::runtime {
namespace {

allow_list networks(const char* text, bool anyone = false) {
    return allow_list::parse(text, anyone).value();
}

bool lets_in(const allow_list& list, const char* who) {
    return list.contains(boost::asio::ip::make_address(who));
}

TEST(allow_list_test, lets_in_whom_a_network_names_and_nobody_else) {
    const auto list = networks("192.0.2.0/25,203.0.113.7,2001:db8::/47");
    for (const char* who : {"192.0.2.0", "192.0.2.127", "203.0.113.7", "2001:db8::1", "2001:db8:1:ffff::"})
        EXPECT_TRUE(lets_in(list, who)) << who;
    for (const char* who : {"192.0.2.128", "192.0.1.255", "203.0.113.6", "203.0.113.8", "2001:db8:2::", "::1", "::"})
        EXPECT_FALSE(lets_in(list, who)) << who;
}

TEST(allow_list_test, knows_an_ipv4_address_in_the_form_of_ipv6) {
    const auto list = networks("192.0.2.0/24");
    EXPECT_TRUE(lets_in(list, "::ffff:192.0.2.9"));
    EXPECT_FALSE(lets_in(list, "::ffff:192.0.3.9"));
    EXPECT_FALSE(lets_in(list, "::192.0.2.9")) << "that is another address";
    EXPECT_FALSE(lets_in(networks("2001:db8::/32"), "192.0.2.9"));
}

TEST(allow_list_test, writes_each_network_once_with_its_prefix) {
    EXPECT_EQ(networks("203.0.113.7,2001:DB8::/32,203.0.113.7/32").text(), "203.0.113.7/32,2001:db8::/32");
    EXPECT_EQ(networks("203.0.113.7"), networks("203.0.113.7/32"));
    const auto list = networks("10.0.0.0/8,2001:db8::1");
    EXPECT_EQ(allow_list::parse(list.text(), false).value(), list);
}

TEST(allow_list_test, refuses_what_lets_nearly_anyone_in_unless_that_is_said) {
    for (const char* text :
         {"0.0.0.0/0", "::/0", "0.0.0.0/1,128.0.0.0/1", "192.0.2.0/24,::/0", "2000::/3", "10.0.0.0/7"}) {
        const auto refused = allow_list::parse(text, false);
        ASSERT_FALSE(refused) << text;
        EXPECT_NE(refused.error().message.find("--anyone"), std::string::npos) << refused.error().message;
        EXPECT_TRUE(allow_list::parse(text, true)) << text;
    }
    EXPECT_TRUE(lets_in(networks("0.0.0.0/0", true), "198.51.100.1"));
    EXPECT_FALSE(lets_in(networks("0.0.0.0/0", true), "2001:db8::1")) << "all of IPv4 is not all";
}

TEST(allow_list_test, refuses_what_is_no_network) {
    for (const char* text : {"",
                             ",",
                             "192.0.2.0/24,",
                             ",192.0.2.0/24",
                             "192.0.2.0/33",
                             "192.0.2.0/-1",
                             "192.0.2.0/",
                             "192.0.2.0/2 4",
                             "192.0.2/24",
                             "192.0.2.1/24",
                             "2001:db8::1/64",
                             "2001:db8::/129",
                             "example.org",
                             "fe80::1%eth0",
                             "fe80::%1/64",
                             " 192.0.2.0/24",
                             "192.0.2.0/24 ",
                             "::ffff:192.0.2.0/120",
                             "192.0.2.0/24/24",
                             "0x7f.0.0.1",
                             "127.1",
                             "192.0.2.0/+24"})
        EXPECT_FALSE(allow_list::parse(text, true)) << text;
    std::string many = "10.0.0.1";
    for (int i = 2; i <= 65; ++i)
        many += ",10.0.0." + std::to_string(i);
    EXPECT_FALSE(allow_list::parse(many, false));
}

}  // namespace
}  // namespace gasper::runtime
