// Space on this machine's file systems, and what a directory takes of it. Both block: a look at a file system for
// microseconds, a directory for as long as it has entries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/model/node.hpp"

namespace gasper::runtime {

/// The file systems that hold these paths, each once, under the first path that it holds. One that is not there is
/// missing in the answer.
std::vector<disk_space> look_at_disks(const std::vector<std::filesystem::path>& at);

/// Bytes that all below `directory` takes on disk, at least 4 KiB for each entry, so that empty files count too. Counts
/// until it has more than `enough`, and takes what is nested deeper than 100 directories for more than that. Follows no
/// links. 0 when it is not there.
std::int64_t bytes_below(const std::filesystem::path& directory, std::int64_t enough);

}  // namespace gasper::runtime
