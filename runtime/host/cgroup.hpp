// What a container has used, from the kernel's own files: control groups of version 1, 2 or both at once, and the
// interfaces of its network namespace. A few small reads a container, where the engine's statistics would take a
// second. These functions block: call them on a blocking pool. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace gasper::runtime {

struct container_cgroup {
    int pid{0};                    // of its first process, on the host
    std::filesystem::path memory;  // directory of the group that counts its memory
    std::filesystem::path cpu;     // and its processor time
    bool unified_memory{false};    // version 2
    bool unified_cpu{false};
};

struct cgroup_usage {
    std::uint64_t cpu_ns{0};
    std::int64_t memory_bytes{0};  // without the page cache that can be given back
    std::uint64_t received{0}, sent{0};
};

/// From the text of /proc/<pid>/cgroup, below `root` (/sys/fs/cgroup). None when a group's directory is not there.
std::optional<container_cgroup> find_cgroup(int pid, std::string_view proc_cgroup, const std::filesystem::path& root);
std::optional<container_cgroup> find_cgroup(int pid);

/// None when the group is gone: the container has ended.
std::optional<cgroup_usage> read_usage(const container_cgroup& group);

/// The number behind `key` in lines of "key number"; 0 when there is none.
std::uint64_t number_of(std::string_view text, std::string_view key);

struct traffic {
    std::uint64_t received{0}, sent{0};
};
/// All interfaces but the loopback, from the text of /proc/<pid>/net/dev.
traffic parse_traffic(std::string_view proc_net_dev);

}  // namespace gasper::runtime
