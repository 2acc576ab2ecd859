// Directory trees on disk that a build may have filled with anything: written, copied and measured without ever
// following a symbolic link or opening what is neither file nor directory. Blocks; any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "buildpacks/source_tree.hpp"
#include "core/base/error.hpp"

namespace gasper::buildpacks {

/// Who owns what is written, when this process may give files away.
struct file_owner {
    uid_t user{1000};
    gid_t group{1000};
};

/// Writes the commit's files to `to`, which must not exist. Modes are 644 and 755. Refuses "tree_too_large" above
/// `max_bytes`. On refusal the directory is left for the caller to remove.
result<> write_tree(const source_tree& tree, const std::filesystem::path& to, std::int64_t max_bytes, file_owner owner);

enum class copy_by {
    link,    // files share their content: for trees that nobody writes to again
    content  // files of their own
};

/// Copies the directory `from`/`path` to `to`/`path`, making the directories between; what stood there is replaced.
/// False: there is no such directory in `from`.
result<bool> copy_directory(const std::filesystem::path& from, const std::filesystem::path& to, const std::string& path,
                            copy_by how, file_owner owner);

struct tree_size {
    std::int64_t bytes{0};
    std::int64_t entries{0};
};

/// Stops counting once it is above `limit`.
tree_size measure(const std::filesystem::path& directory, tree_size limit);

/// Makes the directory (and those above it), owned by `owner`.
void make_directory(const std::filesystem::path& path, file_owner owner);

}  // namespace gasper::buildpacks
