#include <gtest/gtest.h>

#include <fstream>

#include "runtime/host/cgroup.hpp"
#include "runtime/host/machine_load.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper::runtime {

namespace {

void write(const std::filesystem::path& file, const std::string& text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
}

}  // namespace

TEST(cgroup_test, reads_version_1) {
    test::temporary_directory root;
    write(root.path() / "memory/docker/ab12/memory.usage_in_bytes", "10000\n");
    write(root.path() / "memory/docker/ab12/memory.stat", "cache 9\ninactive_file 1\ntotal_inactive_file 4000\n");
    write(root.path() / "cpuacct/docker/ab12/cpuacct.usage", "123456789\n");
    const auto group =
        find_cgroup(1, "4:memory:/docker/ab12\n2:cpu,cpuacct:/docker/ab12\n0::/docker/ab12\n", root.path());
    ASSERT_TRUE(group);
    const auto usage = read_usage(*group);
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->memory_bytes, 6000);
    EXPECT_EQ(usage->cpu_ns, 123456789u);
}

TEST(cgroup_test, reads_version_2) {
    test::temporary_directory root;
    const auto at = root.path() / "system.slice/docker-ab12.scope";
    write(at / "cgroup.controllers", "cpu memory\n");
    write(at / "memory.current", "10000\n");
    write(at / "memory.stat", "anon 9\ninactive_file 4000\n");
    write(at / "cpu.stat", "usage_usec 500\nuser_usec 200\n");
    const auto group = find_cgroup(1, "0::/system.slice/docker-ab12.scope\n", root.path());
    ASSERT_TRUE(group);
    const auto usage = read_usage(*group);
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->memory_bytes, 6000);
    EXPECT_EQ(usage->cpu_ns, 500'000u);
}

TEST(cgroup_test, takes_from_version_1_what_a_hybrid_host_counts_there) {
    test::temporary_directory root;
    write(root.path() / "unified/docker/ab12/cgroup.controllers", "");
    write(root.path() / "unified/docker/ab12/cpu.stat", "usage_usec 7\n");
    write(root.path() / "memory/docker/ab12/memory.usage_in_bytes", "10\n");
    write(root.path() / "memory/docker/ab12/memory.stat", "");
    write(root.path() / "cpuacct/docker/ab12/cpuacct.usage", "9\n");
    const auto group = find_cgroup(1, "4:memory:/docker/ab12\n2:cpuacct:/docker/ab12\n0::/docker/ab12\n", root.path());
    ASSERT_TRUE(group);
    EXPECT_EQ(read_usage(*group)->cpu_ns, 9u);
}

TEST(cgroup_test, notices_that_a_container_is_gone) {
    test::temporary_directory root;
    EXPECT_FALSE(find_cgroup(1, "4:memory:/docker/ab12\n2:cpuacct:/docker/ab12\n", root.path()));
    EXPECT_FALSE(find_cgroup(1, "nonsense\n::\n:", root.path()));
    EXPECT_FALSE(read_usage({1, root.path(), root.path()}));
}

TEST(cgroup_test, adds_up_the_traffic_of_all_but_the_loopback) {
    const auto t = parse_traffic(
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls\n"
        "    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0\n"
        "  eth0: 1234567    9022    0    0    0     0          0         0   765432    8000    0    0    0     0\n"
        "  eth1:3          1    0    0    0     0          0         0 4 1 0 0 0 0 0 0\n");
    EXPECT_EQ(t.received, 1234570u);
    EXPECT_EQ(t.sent, 765436u);
}

TEST(machine_load_test, measures_between_two_looks) {
    using std::chrono::seconds;
    const std::string memory = "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    400 kB\n";
    const auto at = std::chrono::steady_clock::time_point(seconds(100));
    machine_load load;
    const auto first = load.look(memory, "cpu  100 0 0 100 0 0 0 0 0 0\ncpu0 1 1\ncpu1 1 1\nintr 1\n", at);
    EXPECT_EQ(first.memory_bytes, 600 * 1024);
    EXPECT_DOUBLE_EQ(first.cpus, 1.0);
    const std::string later = "cpu  130 0 0 110 0 0 0 0 0 0\ncpu0 1 1\ncpu1 1 1\n";
    EXPECT_DOUBLE_EQ(load.look(memory, later, at + seconds(10)).cpus, 1.5);
    // Too soon after the last look to say more.
    EXPECT_DOUBLE_EQ(load.look(memory, later, at + seconds(10)).cpus, 1.5);
    EXPECT_DOUBLE_EQ(load.look("", "", at + seconds(60)).cpus, 1.5) << "nothing readable: what was known";
}

TEST(machine_load_test, sees_this_machine) {
    machine_load load;
    EXPECT_GT(load.look().memory_bytes, 0);
}

}  // namespace gasper::runtime
