#include "runtime/host/disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <utility>

#include "core/base/handle.hpp"

namespace gasper::runtime {

namespace {

constexpr std::size_t deepest = 100;
constexpr std::int64_t least_of_entry = 4096;

using directory_handle = handle<DIR, closedir>;

directory_handle open_below(int parent, const char* name) {
    unique_fd fd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return {};
    directory_handle opened(::fdopendir(fd.get()));
    if (opened) (void)fd.release();
    return opened;
}

bool is_dots(const char* name) {
    return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

}  // namespace

std::vector<disk_space> look_at_disks(const std::vector<std::filesystem::path>& at) {
    std::vector<disk_space> disks;
    std::set<dev_t> seen;
    for (const auto& path : at) {
        struct stat where {};
        struct statvfs space {};
        if (path.empty() || ::stat(path.c_str(), &where) != 0 || ::statvfs(path.c_str(), &space) != 0) continue;
        if (!seen.insert(where.st_dev).second) continue;
        const auto bytes = [&](fsblkcnt_t blocks) { return static_cast<std::int64_t>(blocks * space.f_frsize); };
        disk_space d{.path = path.string(),
                     .total_bytes = bytes(space.f_blocks - space.f_bfree + space.f_bavail),
                     .free_bytes = bytes(space.f_bavail),
                     .total_files = static_cast<std::int64_t>(space.f_files - space.f_ffree + space.f_favail),
                     .free_files = static_cast<std::int64_t>(space.f_favail)};
        disks.push_back(std::move(d));
    }
    return disks;
}

std::int64_t bytes_below(const std::filesystem::path& directory, std::int64_t enough) {
    std::vector<directory_handle> open;
    std::set<ino_t> linked;  // files with several names count once
    std::int64_t bytes = 0;
    if (auto top = open_below(AT_FDCWD, directory.c_str())) open.push_back(std::move(top));
    while (!open.empty() && bytes <= enough) {
        const auto* entry = ::readdir(open.back().get());
        if (!entry) {
            open.pop_back();
            continue;
        }
        struct stat s {};
        const int here = ::dirfd(open.back().get());
        if (is_dots(entry->d_name) || ::fstatat(here, entry->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0) continue;
        const bool again = !S_ISDIR(s.st_mode) && s.st_nlink > 1 && !linked.insert(s.st_ino).second;
        if (!again) bytes += std::max<std::int64_t>(s.st_blocks * 512, least_of_entry);
        if (!S_ISDIR(s.st_mode)) continue;
        if (open.size() >= deepest) return enough + 1;
        if (auto next = open_below(here, entry->d_name)) open.push_back(std::move(next));
    }
    return bytes;
}

namespace {

using seen_files = std::set<std::pair<dev_t, ino_t>>;

// What of the mount point's deleted files these links of /proc lead to.
std::int64_t deleted_in(const std::filesystem::path& links, const std::string& mount_point, seen_files& seen) {
    std::int64_t bytes = 0;
    std::error_code ec;
    for (std::filesystem::directory_iterator at(links, ec), end; !ec && at != end; at.increment(ec)) {
        std::error_code gone;
        const auto to = std::filesystem::read_symlink(at->path(), gone).native();
        if (gone || !to.starts_with(mount_point) || !to.ends_with(" (deleted)")) continue;
        struct stat s {};
        if (::stat(at->path().c_str(), &s) != 0 || !S_ISREG(s.st_mode) || s.st_nlink != 0) continue;
        if (seen.emplace(s.st_dev, s.st_ino).second) bytes += static_cast<std::int64_t>(s.st_blocks) * 512;
    }
    return bytes;
}

}  // namespace

std::int64_t bytes_held(const container_cgroup& group, std::string_view mount_point) {
    std::ifstream processes(group.memory / "cgroup.procs");
    const auto below = std::string(mount_point) + "/";
    std::int64_t bytes = 0;
    seen_files seen;
    for (int pid = 0; processes >> pid;) {
        const auto home = std::filesystem::path("/proc") / std::to_string(pid);
        for (const auto* links : {"fd", "map_files"})
            bytes += deleted_in(home / links, below, seen);
    }
    return bytes;
}

}  // namespace gasper::runtime
