#include <gtest/gtest.h>

#include "control/backups/room.hpp"
#include "control/clones/clone_jobs.hpp"
#include "control/clones/clones.hpp"

namespace gasper::control {
namespace {

service blue_of(const std::string& version) {
    service s;
    s.name = "blue";
    s.kind = "postgres";
    s.version = version;
    return s;
}

TEST(clone_choice_test, none_named_is_the_version_of_what_is_copied) {
    EXPECT_EQ(choose_clone_version(blue_of("15"), "").value(), "15");
    EXPECT_EQ(choose_clone_version(blue_of("15"), "15").value(), "15");
}

TEST(clone_choice_test, a_newer_version_may_be_and_an_older_one_is_refused_with_the_reason) {
    EXPECT_EQ(choose_clone_version(blue_of("15"), "17").value(), "17");
    const auto refused = choose_clone_version(blue_of("17"), "15");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "service_downgrade");
    EXPECT_NE(refused.error().message.find("does not read what a newer one wrote"), std::string::npos);
}

TEST(clone_choice_test, the_room_that_lacks_is_said_with_what_it_is_for) {
    constexpr std::int64_t gib = 1 << 30;
    EXPECT_TRUE(check_room("the data of blue is there twice then", gib, 2 * gib));
    const auto refused = check_room("the data of blue is there twice then", gib, gib);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "the data of blue is there twice then: 1.3 GiB are needed, 1.0 GiB are free");
}

TEST(clone_choice_test, little_data_needs_little_room_beside_itself) {
    constexpr std::int64_t mib = 1 << 20;
    EXPECT_TRUE(check_room("a proof", 10 * mib, 85 * mib));
    EXPECT_EQ(check_room("a proof", 10 * mib, 84 * mib).error().code, "disk_full");
    EXPECT_TRUE(check_room("a proof", 1000 * mib, 1356 * mib)) << "the log ends at 256 MiB";
    EXPECT_FALSE(check_room("a proof", 1000 * mib, 1355 * mib));
}

TEST(clone_choice_test, a_job_says_which_service_it_makes) {
    EXPECT_EQ(clone_made_by({.kind = "service-clone", .key = "service:blue", .input = R"({"name":"green"})"}), "green");
    EXPECT_EQ(clone_made_by({.kind = "service-create", .key = "service:blue", .input = R"({"name":"green"})"}), "");
    EXPECT_EQ(clone_made_by({.kind = "service-clone", .key = "service:blue", .input = "none"}), "");
}

}  // namespace
}  // namespace gasper::control
