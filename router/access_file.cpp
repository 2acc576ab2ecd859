#include "router/access_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <string>

namespace gasper::router {

access_file::access_file(std::filesystem::path file, std::uint64_t limit) : file_(std::move(file)), limit_(limit) {}

bool access_file::append(std::string_view text) {
    while (!text.empty()) {
        const auto n = ::write(fd_.get(), text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        torn_ = text[static_cast<std::size_t>(n) - 1] != '\n';
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

bool access_file::open() {
    fd_ = unique_fd(::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!fd_) return false;
    struct stat s {};
    if (::fstat(fd_.get(), &s) != 0 || s.st_size > 0) return true;
    const auto made =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch());
    return append("# generation " + std::to_string(made.count()) + "\n");
}

// Another router may have rotated it meanwhile.
bool access_file::is_current() const {
    struct stat mine {
    }, there{};
    return ::fstat(fd_.get(), &mine) == 0 && ::stat(file_.c_str(), &there) == 0 && mine.st_ino == there.st_ino &&
           mine.st_dev == there.st_dev;
}

void access_file::rotate() {
    if (::flock(fd_.get(), LOCK_EX) == 0 && is_current()) {
        auto old = file_;
        old += ".1";
        ::rename(file_.c_str(), old.c_str());
    }
    fd_.reset();  // and with it the lock
}

bool access_file::write(std::string_view lines) {
    if (fd_ && !is_current()) fd_.reset();
    struct stat s {};
    if (fd_ && ::fstat(fd_.get(), &s) == 0 && static_cast<std::uint64_t>(s.st_size) >= limit_) rotate();
    if (!fd_ && !open()) return false;
    return (!torn_ || append("\n")) && append(lines);
}

}  // namespace gasper::router
