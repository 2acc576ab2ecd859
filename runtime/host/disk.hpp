// Space on this machine's file systems, and what a directory takes of it. Both block: a look at a file system for
// microseconds, a directory for as long as it has entries.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "core/model/node.hpp"
#include "runtime/host/cgroup.hpp"

namespace gasper::runtime {

/// The file systems that hold these paths, each once, under the first path that it holds. One that is not there is
/// missing in the answer.
std::vector<disk_space> look_at_disks(const std::vector<std::filesystem::path>& at);

/// Bytes that all below `directory` takes on disk, at least 4 KiB for each entry, so that empty files count too. Counts
/// until it has more than `enough`, and takes what is nested deeper than 100 directories for more than that. Follows no
/// links. 0 when it is not there.
std::int64_t bytes_below(const std::filesystem::path& directory, std::int64_t enough);

/// Bytes of deleted files of that mount point (as the group's processes see it: "/app") that they have open or mapped:
/// no directory shows them. Each file once.
std::int64_t bytes_held(const container_cgroup& group, std::string_view mount_point);

/// Whether a disk has filled by some more since it last said so: what costs a look at every process waits for that.
class filling {
 public:
    static constexpr std::int64_t step{64 << 20};  // bytes
    bool more(std::int64_t free_bytes) noexcept {
        most_ = std::max(most_, free_bytes);
        if (most_ - free_bytes < step) return false;
        most_ = free_bytes;
        return true;
    }

 private:
    std::int64_t most_{0};  // that was free since
};

}  // namespace gasper::runtime
