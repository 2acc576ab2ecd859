#include "gasper/role_lock.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace gasper {

namespace {

// Record locks of the process (F_SETLK): the kernel itself can say who holds one.
struct flock whole_file(short type) {
    struct flock l {};
    l.l_type = type;
    l.l_whence = SEEK_SET;
    return l;
}

}  // namespace

result<role_lock> role_lock::take(const std::filesystem::path& file) {
    std::filesystem::create_directories(file.parent_path());
    unique_fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (!fd) return fail(errc::unavailable, "lock", file.string() + ": " + std::strerror(errno));
    auto wanted = whole_file(F_WRLCK);
    if (::fcntl(fd.get(), F_SETLK, &wanted) != 0)
        return fail(errc::conflict, "locked", "process " + std::to_string(holder(file)) + " holds " + file.string());
    return role_lock(std::move(fd));
}

int role_lock::holder(const std::filesystem::path& file) {
    unique_fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return 0;
    auto wanted = whole_file(F_WRLCK);
    if (::fcntl(fd.get(), F_GETLK, &wanted) != 0 || wanted.l_type == F_UNLCK) return 0;
    return wanted.l_pid;
}

}  // namespace gasper
