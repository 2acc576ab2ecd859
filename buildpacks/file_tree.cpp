#include "buildpacks/file_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <system_error>
#include <vector>

#include "core/base/handle.hpp"

namespace gasper::buildpacks {
namespace {

constexpr int open_directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int max_depth = 256;

using directory_stream = handle<DIR, closedir>;

[[noreturn]] void fault(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// Files can be given away by root only; another user's server keeps them.
bool gives_away() noexcept {
    return ::geteuid() == 0;
}

void give(int fd, file_owner owner, const std::string& name) {
    if (gives_away() && ::fchown(fd, owner.user, owner.group) != 0) fault(name);
}

void give_at(int at, const char* name, file_owner owner) {
    if (gives_away() && ::fchownat(at, name, owner.user, owner.group, AT_SYMLINK_NOFOLLOW) != 0) fault(name);
}

unique_fd open_directory(int at, const char* name) {
    unique_fd fd(::openat(at, name, open_directory_flags));
    if (!fd) fault(name);
    return fd;
}

unique_fd make_directory_at(int at, const char* name, file_owner owner) {
    if (::mkdirat(at, name, 0755) != 0) fault(name);
    auto fd = open_directory(at, name);
    give(fd.get(), owner, name);
    return fd;
}

void write_all(int fd, std::string_view data, const std::string& name) {
    while (!data.empty()) {
        const auto n = ::write(fd, data.data(), data.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fault(name);
        data.remove_prefix(static_cast<std::size_t>(n));
    }
}

void write_file(int at, const char* name, std::string_view content, mode_t mode, file_owner owner) {
    const unique_fd fd(::openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd) fault(name);
    give(fd.get(), owner, name);
    if (::fchmod(fd.get(), mode) != 0) fault(name);
    write_all(fd.get(), content, name);
}

void write_entry(const source_tree& tree, std::size_t index, int at, file_owner owner) {
    const auto& e = tree.entries()[index];
    const std::string name(e.name());
    tree.with_content(index, [&](std::string_view content) {
        if (e.type == source_tree::kind::link) {
            const std::string target(content);
            if (::symlinkat(target.c_str(), at, name.c_str()) != 0) fault(e.path);
            give_at(at, name.c_str(), owner);
            return;
        }
        write_file(at, name.c_str(), content, e.type == source_tree::kind::executable ? 0755 : 0644, owner);
    });
}

/// Names in a directory, without "." and "..".
std::vector<std::string> names_in(int directory) {
    unique_fd again(::openat(directory, ".", open_directory_flags));
    if (!again) fault("directory");
    directory_stream stream(::fdopendir(again.get()));
    if (!stream) fault("directory");
    again.release();
    std::vector<std::string> names;
    while (const auto* e = ::readdir(stream.get())) {
        const std::string_view name = e->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    return names;
}

void copy_content(int from, int to, const char* name, const struct stat& s, file_owner owner) {
    const unique_fd source(::openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!source) fault(name);
    const unique_fd target(::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target) fault(name);
    for (auto left = s.st_size; left > 0;) {
        const auto n =
            ::copy_file_range(source.get(), nullptr, target.get(), nullptr, static_cast<std::size_t>(left), 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fault(name);
        if (n == 0) break;
        left -= n;
    }
    give(target.get(), owner, name);
    if (::fchmod(target.get(), s.st_mode & 0777) != 0) fault(name);
    // Dates stay: compiled files (Python's) are compared with their source by date.
    const timespec times[2] = {s.st_atim, s.st_mtim};
    ::futimens(target.get(), times);
}

void copy_link(int from, int to, const char* name, file_owner owner) {
    char target[PATH_MAX];
    const auto n = ::readlinkat(from, name, target, sizeof target - 1);
    if (n < 0) fault(name);
    target[n] = '\0';
    if (::symlinkat(target, to, name) != 0) fault(name);
    give_at(to, name, owner);
}

void copy_file(int from, int to, const char* name, const struct stat& s, copy_by how, file_owner owner) {
    if (how == copy_by::link) {
        if (::linkat(from, name, to, name, 0) == 0) return;
        if (errno != EXDEV && errno != EMLINK && errno != EPERM) fault(name);
    }
    copy_content(from, to, name, s, owner);
}

void copy_entries(int from, int to, copy_by how, file_owner owner, int depth) {
    if (depth > max_depth) throw std::runtime_error("directories too deep");
    for (const auto& name : names_in(from)) {
        struct stat s {};
        if (::fstatat(from, name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) fault(name);
        if (S_ISDIR(s.st_mode)) {
            const auto below = open_directory(from, name.c_str());
            const auto made = make_directory_at(to, name.c_str(), owner);
            copy_entries(below.get(), made.get(), how, owner, depth + 1);
        } else if (S_ISREG(s.st_mode)) {
            copy_file(from, to, name.c_str(), s, how, owner);
        } else if (S_ISLNK(s.st_mode)) {
            copy_link(from, to, name.c_str(), owner);
        }  // sockets, pipes and devices are no part of a release
    }
}

std::vector<std::string> parts_of(const std::string& path) {
    std::vector<std::string> parts;
    for (const auto& part : std::filesystem::path(path))
        parts.push_back(part.string());
    return parts;
}

void add_size(int directory, tree_size& sum, const tree_size& limit, int depth) {
    for (const auto& name : names_in(directory)) {
        struct stat s {};
        if (::fstatat(directory, name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) fault(name);
        ++sum.entries;
        sum.bytes += s.st_blocks * 512;
        if (sum.bytes > limit.bytes || sum.entries > limit.entries) return;
        if (S_ISDIR(s.st_mode) && depth < max_depth) {
            add_size(open_directory(directory, name.c_str()).get(), sum, limit, depth + 1);
        }
    }
}

}  // namespace

result<> write_tree(const source_tree& tree, const std::filesystem::path& to, std::int64_t max_bytes,
                    file_owner owner) {
    std::vector<unique_fd> open_levels;  // the directory that entries of each depth go to
    open_levels.push_back(make_directory_at(AT_FDCWD, to.c_str(), owner));
    std::int64_t left = max_bytes;
    const auto& entries = tree.entries();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto& e = entries[i];
        open_levels.resize(e.depth + 1);
        const auto at = open_levels.back().get();
        if (e.type == source_tree::kind::directory) {
            open_levels.push_back(make_directory_at(at, std::string(e.name()).c_str(), owner));
            continue;
        }
        left -= static_cast<std::int64_t>(tree.size_of(i));
        if (left < 0) {
            return fail(errc::too_large, "tree_too_large",
                        fmt::format("the commit's files are more than {} MiB", max_bytes >> 20));
        }
        write_entry(tree, i, at, owner);
    }
    return {};
}

result<bool> copy_directory(const std::filesystem::path& from, const std::filesystem::path& to, const std::string& path,
                            copy_by how, file_owner owner) {
    auto source = open_directory(AT_FDCWD, from.c_str());
    auto target = open_directory(AT_FDCWD, to.c_str());
    const auto parts = parts_of(path);
    for (const auto& part : parts) {
        unique_fd below(::openat(source.get(), part.c_str(), open_directory_flags));
        if (!below) return false;
        source = std::move(below);
    }
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        if (::mkdirat(target.get(), parts[i].c_str(), 0755) == 0) give_at(target.get(), parts[i].c_str(), owner);
        target = open_directory(target.get(), parts[i].c_str());
    }
    // The parents were opened without following links, so this path cannot lead elsewhere.
    std::filesystem::remove_all(std::filesystem::path(fmt::format("/proc/self/fd/{}", target.get())) / parts.back());
    const auto made = make_directory_at(target.get(), parts.back().c_str(), owner);
    copy_entries(source.get(), made.get(), how, owner, 0);
    return true;
}

tree_size measure(const std::filesystem::path& directory, tree_size limit) {
    tree_size sum;
    add_size(open_directory(AT_FDCWD, directory.c_str()).get(), sum, limit, 0);
    return sum;
}

void make_directory(const std::filesystem::path& path, file_owner owner) {
    std::filesystem::create_directories(path);
    give(open_directory(AT_FDCWD, path.c_str()).get(), owner, path.string());
}

}  // namespace gasper::buildpacks
