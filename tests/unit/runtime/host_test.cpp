#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/host/listening.hpp"
#include "runtime/host/overlay.hpp"
#include "runtime/host/subnets.hpp"
#include "runtime/host/wall.hpp"
#include "runtime/sandbox/pause_image.hpp"

namespace gasper::runtime {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

subnet net(const char* text) {
    return parse_subnet(text).value();
}

}  // namespace

TEST(subnets_test, reads_what_it_prints_and_refuses_the_rest) {
    EXPECT_EQ(net("10.213.0.32/27").text(), "10.213.0.32/27");
    EXPECT_EQ(net("10.213.0.32/27").gateway(), "10.213.0.33");
    for (const auto* text : {"", "10.213.0.0", "10.213.0.0/33", "10.213.0.0/0", "10.213.0.1/27", "256.0.0.0/8",
                             "10.213.0/16", "10.213.0.0/16x", "-1.0.0.0/8", "fd00::/8"})
        EXPECT_FALSE(parse_subnet(text)) << text;
}

TEST(subnets_test, overlap_is_seen_in_both_directions) {
    EXPECT_TRUE(net("10.0.0.0/8").overlaps(net("10.213.0.0/27")));
    EXPECT_TRUE(net("10.213.0.0/27").overlaps(net("10.0.0.0/8")));
    EXPECT_FALSE(net("10.213.0.0/27").overlaps(net("10.213.0.32/27")));
}

TEST(subnets_test, gives_the_first_that_is_free_and_ends_when_none_is) {
    const auto pool = net("10.213.0.0/26");
    EXPECT_EQ(free_subnet(pool, 27, {})->text(), "10.213.0.0/27");
    EXPECT_EQ(free_subnet(pool, 27, {net("10.213.0.0/28")})->text(), "10.213.0.32/27");
    EXPECT_EQ(free_subnet(pool, 27, {}, 1)->text(), "10.213.0.32/27");
    EXPECT_FALSE(free_subnet(pool, 27, {net("10.213.0.0/27"), net("10.213.0.40/29")}));
    EXPECT_FALSE(free_subnet(pool, 27, {net("10.0.0.0/8")}));
    EXPECT_FALSE(free_subnet(pool, 24, {})) << "larger than the pool";
}

TEST(overlay_test, finds_its_mounts_deepest_first_and_no_others) {
    const char* info =
        "22 1 254:0 / / rw shared:1 - ext4 /dev/vda rw\n"
        "90 22 0:50 / /data/instances/a/app rw,nosuid - overlay overlay rw\n"
        "91 90 0:51 / /data/instances/a/app/deep\\040er rw - tmpfs tmpfs rw\n"
        "92 22 0:52 / /data/instances/ab/app rw - overlay overlay rw\n"
        "rubbish\n";
    EXPECT_THAT(mounts_below(info, "/data/instances/a"),
                ElementsAre("/data/instances/a/app/deep er", "/data/instances/a/app"));
    EXPECT_EQ(mounts_below(info, "/data/instances").size(), 3U);
}

TEST(listening_test, reads_ports_and_who_they_are_for) {
    const char* tcp =
        "  sl  local_address rem_address   st tx_queue rx_queue\n"
        "   0: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1\n"
        "   1: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 2\n"
        "   2: 0B00007F:A2C1 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3\n"
        "   3: 0100007F:9999 0100007F:1388 01 00000000:00000000 00:00000000 00000000  1000        0 4\n";
    EXPECT_THAT(parse_listeners(tcp), ElementsAre(listener{8000, false}, listener{5000, true}));
    const char* tcp6 =
        "   0: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A x\n"
        "   1: 00000000000000000000000001000000:0BB9 00000000000000000000000000000000:0000 0A x\n";
    EXPECT_THAT(parse_listeners(tcp6), ElementsAre(listener{3000, false}, listener{3001, true}));
}

TEST(wall_test, names_fit_and_everything_not_allowed_is_refused) {
    host_wall wall("gsp-ab12", {8080, 8443});
    EXPECT_LE(wall.host_chain().size(), 28U) << "iptables' limit";
    const auto rules = wall.rules();
    EXPECT_THAT(rules, HasSubstr("-A gsp-ab12-host -p tcp --dport 8443 -j RETURN\n"
                                 "-A gsp-ab12-host -p tcp -j REJECT --reject-with tcp-reset\n"
                                 "-A gsp-ab12-host -j REJECT\n"));
    EXPECT_THAT(rules, HasSubstr("-A gsp-ab12-out -d 169.254.0.0/16 -j REJECT\n")) << "machine credentials";
    EXPECT_THAT(rules, HasSubstr("-A gsp-ab12-in -m conntrack --ctstate DNAT -j RETURN\n"
                                 "-A gsp-ab12-in -m physdev --physdev-is-bridged -j RETURN\n"
                                 "-A gsp-ab12-in -j REJECT\n"));
    EXPECT_TRUE(rules.starts_with("*filter\n:gsp-ab12-host")) << "the chain is replaced in the same step";
    EXPECT_TRUE(rules.ends_with("COMMIT\n"));
}

TEST(pause_image_test, is_a_tar_of_one_small_static_program) {
    EXPECT_TRUE(
        pause_program().starts_with("\x7F"
                                    "ELF"));
    EXPECT_LT(pause_program().size(), 20'000U);
    const auto tar = pause_image_tar();
    EXPECT_EQ(tar.size() % 512, 0U);
    EXPECT_TRUE(tar.starts_with("pause"));
    EXPECT_EQ(tar.substr(512, pause_program().size()), pause_program());
}

}  // namespace gasper::runtime
