#include "core/model/service_version.hpp"

#include <gtest/gtest.h>

namespace gasper {
namespace {

TEST(service_version_test, reads_the_numbers_that_it_begins_with) {
    EXPECT_EQ(version_numbers("10.11.6-MariaDB"), (std::vector<int>{10, 11, 6}));
    EXPECT_EQ(version_numbers("7.0 (DocumentDB 0.107)"), (std::vector<int>{7, 0}));
    EXPECT_EQ(version_numbers("15."), (std::vector<int>{15}));
    for (const auto* none : {"", "x", "-", ".5"})
        EXPECT_TRUE(version_numbers(none).empty()) << none;
}

TEST(service_version_test, compares_as_far_as_the_shorter_one_goes) {
    EXPECT_TRUE(compare_versions("15", "17") < 0);
    EXPECT_TRUE(compare_versions("10.11", "9.6") > 0);
    EXPECT_TRUE(compare_versions("15.8", "15") == 0);
    EXPECT_TRUE(compare_versions("15.10", "15.9") > 0);
    EXPECT_TRUE(compare_versions("", "15") == 0);
}

}  // namespace
}  // namespace gasper
