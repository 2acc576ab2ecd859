#include "runtime/host/disk.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/temporary_directory.hpp"

namespace gasper::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t plenty = 1ll << 40;

TEST(disks, are_each_looked_at_once) {
    const test::temporary_directory dir;
    fs::create_directory(dir.path() / "below");
    const auto disks = look_at_disks({dir.path(), dir.path() / "below", "/nowhere/at/all", ""});
    ASSERT_EQ(disks.size(), 1u);
    EXPECT_EQ(disks[0].path, dir.path().string());
    EXPECT_GT(disks[0].total_bytes, 0);
    EXPECT_GE(disks[0].total_bytes, disks[0].free_bytes);
    EXPECT_GE(disks[0].used(), 0);
    EXPECT_LE(disks[0].used(), 1);
}

TEST(bytes_below, counts_what_is_on_disk_and_every_entry) {
    const test::temporary_directory dir;
    EXPECT_EQ(bytes_below(dir.path() / "none", plenty), 0);
    EXPECT_EQ(bytes_below(dir.path(), plenty), 0);
    fs::create_directories(dir.path() / "a/b");
    std::ofstream(dir.path() / "a/b/large") << std::string(1 << 20, 'x');
    const auto with_file = bytes_below(dir.path(), plenty);
    EXPECT_GE(with_file, 1 << 20);
    fs::create_hard_link(dir.path() / "a/b/large", dir.path() / "again");
    EXPECT_EQ(bytes_below(dir.path(), plenty), with_file) << "a second name takes no space";
    for (int i = 0; i < 100; ++i)
        std::ofstream(dir.path() / ("empty" + std::to_string(i)));
    EXPECT_GE(bytes_below(dir.path(), plenty), with_file + 100 * 4096);
}

TEST(bytes_below, a_hole_is_nothing_and_a_link_is_not_followed) {
    const test::temporary_directory dir;
    std::ofstream(dir.path() / "hole");
    fs::resize_file(dir.path() / "hole", 1ll << 30);
    fs::create_symlink("/usr", dir.path() / "elsewhere");
    EXPECT_LT(bytes_below(dir.path(), plenty), 1 << 20);
}

TEST(bytes_below, stops_when_it_has_enough) {
    const test::temporary_directory dir;
    for (int i = 0; i < 50; ++i)
        std::ofstream(dir.path() / std::to_string(i)) << "x";
    const auto enough = bytes_below(dir.path(), 10 * 4096);
    EXPECT_GT(enough, 10 * 4096);
    EXPECT_LT(enough, 50 * 4096);
}

TEST(bytes_below, what_hides_in_the_depth_is_taken_for_too_much) {
    const test::temporary_directory dir;
    auto deep = dir.path();
    for (int i = 0; i < 150; ++i)
        deep /= "d";
    fs::create_directories(deep);
    EXPECT_GT(bytes_below(dir.path(), plenty), plenty);
}

}  // namespace
}  // namespace gasper::runtime
