#include "control/disk_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gasper::control {
namespace {

using ::testing::HasSubstr;

std::vector<node> machine(int percent, const std::string& path = "/data") {
    node n{.name = "here"};
    n.disks.push_back({.path = path, .total_bytes = 100ll << 30, .free_bytes = (100ll - percent) << 30});
    return {n};
}

TEST(disk_watch, says_once_that_a_disk_is_low_and_once_that_it_has_room_again) {
    disk_watch w(90);
    EXPECT_TRUE(w.look(machine(89)).empty());
    EXPECT_TRUE(w.room_for_build());
    const auto low = w.look(machine(90));
    ASSERT_EQ(low.size(), 1u);
    EXPECT_TRUE(low[0].low);
    EXPECT_EQ(low[0].disk.path, "/data");
    EXPECT_TRUE(w.low("here", "/data"));
    for (const int percent : {95, 89, 91, 86})
        EXPECT_TRUE(w.look(machine(percent)).empty()) << percent;
    EXPECT_FALSE(w.room_for_build());
    const auto well = w.look(machine(85));
    ASSERT_EQ(well.size(), 1u);
    EXPECT_FALSE(well[0].low);
    EXPECT_TRUE(w.room_for_build());
    EXPECT_TRUE(w.look(machine(89)).empty());
}

TEST(disk_watch, refuses_with_what_is_full_and_what_would_do) {
    disk_watch w(90);
    w.look(machine(93));
    const auto refused = w.room_for_build();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "disk_full");
    EXPECT_THAT(refused.error().message, HasSubstr("/data is 93 % full: 7.0 GiB of 100.0 GiB left"));
    EXPECT_THAT(refused.error().message, HasSubstr("under 85 %"));
}

TEST(disk_watch, says_when_builds_that_run_must_end) {
    disk_watch w(90);
    w.look(machine(94));
    EXPECT_EQ(w.overfull(), "");
    w.look(machine(95));
    EXPECT_THAT(w.overfull(), HasSubstr("/data is 95 % full"));
    w.look(machine(20));
    EXPECT_EQ(w.overfull(), "");
}

TEST(disk_watch, knows_what_an_earlier_process_said) {
    disk_watch w(90);
    w.was_low("here", "/data");
    EXPECT_TRUE(w.look(machine(87)).empty()) << "it is low still";
    EXPECT_FALSE(w.room_for_build());
    EXPECT_EQ(w.look(machine(50)).size(), 1u);
}

TEST(disk_watch, watches_each_disk_of_each_machine_for_itself) {
    disk_watch w(90);
    auto nodes = machine(95);
    nodes.push_back(machine(10, "/engine")[0]);
    nodes[1].name = "there";
    EXPECT_EQ(w.look(nodes).size(), 1u);
    nodes[1].disks[0].free_bytes = 0;
    const auto second = w.look(nodes);
    ASSERT_EQ(second.size(), 1u);
    EXPECT_EQ(second[0].node, "there");
    EXPECT_THAT(w.room_for_build().error().message, HasSubstr("/engine is 100 % full"));
    nodes.pop_back();
    EXPECT_TRUE(w.look(nodes).empty()) << "a machine that is not seen any more has crossed nothing";
    EXPECT_FALSE(w.low("there", "/engine"));
}

TEST(disk_watch, counts_inodes_as_well) {
    disk_watch w(90);
    auto nodes = machine(10);
    nodes[0].disks[0].total_files = 1000;
    nodes[0].disks[0].free_files = 50;
    EXPECT_EQ(w.look(nodes).size(), 1u);
    EXPECT_THAT(w.room_for_build().error().message, HasSubstr("50 files more fit"));
}

}  // namespace
}  // namespace gasper::control
