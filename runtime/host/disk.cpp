#include "runtime/host/disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <set>

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

}  // namespace gasper::runtime
