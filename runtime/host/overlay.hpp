// The writable /app of an instance: the release directory below, an upper directory of the instance's own above, joined
// by an overlay mount on the host. Where mounting is refused (not root) it is a copy. These functions block for about a
// millisecond (a copy: longer): call them on a blocking pool. Thread-safe for different instances.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace gasper::runtime {

struct app_directory {
    std::filesystem::path root;  // <data>/instances/<name>: all of it is the instance's
    std::filesystem::path app;   // what becomes /app
    bool copied{false};
};

/// `uid` and `gid` own the top of it, so that the app may write there.
result<app_directory> make_app_directory(const std::filesystem::path& instances, const std::string& name,
                                         const std::filesystem::path& release, unsigned uid, unsigned gid);

/// Unmounts and deletes. No error when it is not there.
result<> remove_app_directory(const std::filesystem::path& instances, const std::string& name);

/// Names below `instances` that are there: directories and mounts.
std::vector<std::string> list_app_directories(const std::filesystem::path& instances);

/// Mount points at or below `directory`, deepest first, from the text of /proc/self/mountinfo.
std::vector<std::filesystem::path> mounts_below(std::string_view mountinfo, const std::filesystem::path& directory);

}  // namespace gasper::runtime
