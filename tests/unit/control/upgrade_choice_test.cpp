#include <gtest/gtest.h>

#include "control/backups/room.hpp"
#include "control/backups/taking_place.hpp"
#include "control/upgrades/choosing.hpp"
#include "control/upgrades/places.hpp"
#include "tests/support/temporary_directory.hpp"

#include <fstream>

namespace gasper::control {
namespace {

result<chosen_upgrade> choose(const std::string& has, const std::string& wanted) {
    service s;
    s.name = "blue";
    s.kind = "postgres";
    s.version = has;
    return choose_upgrade(*runtime::find_kind("postgres"), s, wanted);
}

TEST(upgrade_choice_test, none_named_is_the_newest_packages_of_its_own) {
    const auto chosen = choose("15", "");
    ASSERT_TRUE(chosen);
    EXPECT_FALSE(chosen->transfers);
    EXPECT_EQ(chosen->version, "15");
}

TEST(upgrade_choice_test, a_newer_version_of_its_kind_goes_by_dump_and_restore) {
    const auto chosen = choose("15", "17");
    ASSERT_TRUE(chosen);
    EXPECT_TRUE(chosen->transfers);
    EXPECT_EQ(chosen->version, "17");
}

TEST(upgrade_choice_test, what_cannot_be_is_refused_with_the_reason) {
    EXPECT_EQ(choose("15", "16").error().code, "service_version");
    EXPECT_NE(choose("15", "16").error().message.find("there is 15, 17"), std::string::npos);
    EXPECT_EQ(choose("15", "15.8").error().code, "service_version");
    EXPECT_EQ(choose("15", "15").error().code, "same_version");
    EXPECT_EQ(choose("17", "15").error().code, "service_downgrade");
    EXPECT_NE(choose("17", "15").error().message.find("does not read what a newer one wrote"), std::string::npos);
}

TEST(upgrade_choice_test, there_must_be_room_for_the_data_once_more) {
    constexpr std::int64_t gibibyte = 1 << 30;
    EXPECT_TRUE(check_upgrade_room("blue", gibibyte, 2 * gibibyte));
    const auto refused = check_upgrade_room("blue", gibibyte, gibibyte);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "disk_full");
    EXPECT_NE(refused.error().message.find("1.0 GiB are free"), std::string::npos);
    EXPECT_FALSE(check_upgrade_room("blue", 0, 0));
}

TEST(upgrade_places_test, which_version_serves_follows_from_which_data_is_in_place) {
    upgrade u{.before = "15", .after = "17", .state = upgrade_state::arriving};
    EXPECT_EQ(serving_version(u, false), "15");
    EXPECT_EQ(serving_version(u, true), "17");
    u.state = upgrade_state::returning;
    EXPECT_EQ(serving_version(u, false), "17");
    EXPECT_EQ(serving_version(u, true), "15");
}

TEST(upgrade_places_test, only_a_name_of_ours_is_removed) {
    EXPECT_TRUE(is_kept("kept-1a2b3c4d"));
    for (const auto* other : {"", "data", "beside-1a2b3c4d", "kept-/../data", "../kept-1"})
        EXPECT_FALSE(is_kept(other)) << other;
}

TEST(upgrade_places_test, sizes_are_of_all_files_below) {
    const test::temporary_directory dir;
    std::filesystem::create_directories(dir.path() / "a" / "b");
    std::ofstream(dir.path() / "one") << std::string(100, 'x');
    std::ofstream(dir.path() / "a" / "b" / "two") << std::string(23, 'x');
    EXPECT_EQ(size_of_tree(dir.path()), 123);
    EXPECT_EQ(size_of_tree(dir.path() / "none"), 0);
    EXPECT_EQ(inode_of(dir.path() / "none"), 0u);
    EXPECT_NE(inode_of(dir.path() / "one"), 0u);
}

}  // namespace
}  // namespace gasper::control
