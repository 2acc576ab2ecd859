#include "control/webhooks/poster.hpp"

#include <gtest/gtest.h>

#include "control/webhooks/webhooks.hpp"

namespace gasper::control {
namespace {

TEST(web_address, is_taken_apart) {
    const auto plain = parse_web_address("https://hooks.example.org/a/b?c=d").value();
    EXPECT_TRUE(plain.tls);
    EXPECT_EQ(plain.host, "hooks.example.org");
    EXPECT_EQ(plain.port, 443);
    EXPECT_EQ(plain.target, "/a/b?c=d");
    const auto v6 = parse_web_address("http://[2001:db8::1]:8080").value();
    EXPECT_FALSE(v6.tls);
    EXPECT_EQ(v6.host, "2001:db8::1");
    EXPECT_EQ(v6.port, 8080);
    EXPECT_EQ(v6.target, "/");
    EXPECT_EQ(parse_web_address("http://h?x").value().target, "/?x");
}

TEST(web_address, refuses_what_could_be_read_in_two_ways) {
    for (const char* url :
         {"", "ftp://h/", "https://", "https://user@h/", "https://h:0/", "https://h:99999/", "https://h:1x/",
          "https://h/\r\nX: y", "https://h/ x", "https://h/#f", "https://h\\@x/", "//h/"})
        EXPECT_FALSE(parse_web_address(url)) << url;
    EXPECT_FALSE(parse_web_address("https://h/" + std::string(2000, 'a')));
}

TEST(private_address, is_what_only_this_machine_or_network_reaches) {
    for (const char* a : {"127.0.0.1",
                          "10.1.2.3",
                          "172.16.0.1",
                          "172.31.255.255",
                          "192.168.0.1",
                          "169.254.169.254",
                          "0.0.0.0",
                          "100.64.0.1",
                          "224.0.0.1",
                          "255.255.255.255",
                          "::1",
                          "::",
                          "fe80::1",
                          "fd00::1",
                          "ff02::1",
                          "::ffff:10.0.0.1",
                          "::ffff:169.254.169.254",
                          "2002:7f00:1::",
                          "64:ff9b::7f00:1",
                          "nonsense"})
        EXPECT_TRUE(is_private_address(a)) << a;
    for (const char* a : {"1.1.1.1", "172.32.0.1", "11.0.0.1", "2606:4700::1111", "::ffff:1.1.1.1"})
        EXPECT_FALSE(is_private_address(a)) << a;
}

TEST(signature, is_the_one_of_rfc_4231) {
    // Test case 2.
    EXPECT_EQ(signature_of("Jefe", "what do ya want for nothing?"),
              "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(wanted_actions, are_names_or_their_beginnings) {
    EXPECT_TRUE(wants_action("deploy.failed,app.crashed", "app.crashed"));
    EXPECT_TRUE(wants_action("deploy.*", "deploy.failed"));
    EXPECT_TRUE(wants_action("*", "anything"));
    EXPECT_FALSE(wants_action("deploy.failed", "deploy.failed.twice"));
    EXPECT_FALSE(wants_action("deploy.*", "undeploy.failed"));
}

}  // namespace
}  // namespace gasper::control
