#include "runtime/host/disk.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/base/handle.hpp"
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

TEST(bytes_held, counts_deleted_files_as_long_as_somebody_holds_them) {
    const test::temporary_directory dir;
    const auto bomb = dir.path() / "bomb";
    std::ofstream(dir.path() / "cgroup.procs") << ::getpid() << "\n";
    container_cgroup group;
    group.memory = dir.path();
    const auto below = dir.path().string();
    std::ofstream(bomb) << std::string(1 << 20, 'x');
    const unique_fd first(::open(bomb.c_str(), O_RDONLY | O_CLOEXEC));
    const unique_fd second(::open(bomb.c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(bytes_held(group, below), 0) << "it is in the directory still";
    fs::remove(bomb);
    const auto held = bytes_held(group, below);
    EXPECT_GE(held, 1 << 20);
    EXPECT_LT(held, 2 << 20) << "open twice, there once";
    EXPECT_EQ(bytes_held(group, "/app"), 0) << "not of that mount point";
}

TEST(filling, says_so_once_for_each_step_whatever_is_freed_meanwhile) {
    constexpr auto step = filling::step;
    filling disk;
    EXPECT_FALSE(disk.more(10 * step)) << "nothing to compare with";
    EXPECT_FALSE(disk.more(9 * step + 1));
    EXPECT_TRUE(disk.more(9 * step));
    EXPECT_FALSE(disk.more(9 * step));
    EXPECT_FALSE(disk.more(20 * step));
    EXPECT_TRUE(disk.more(19 * step));
}

}  // namespace
}  // namespace gasper::runtime
