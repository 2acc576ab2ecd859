#include "core/base/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/base/handle.hpp"

namespace gasper {

namespace {

error file_error(const std::filesystem::path& file, int reason) {
    return fail(reason == ENOENT ? errc::not_found : errc::unavailable, "file",
                file.string() + ": " + std::strerror(reason));
}

bool write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const auto n = ::write(fd, content.data(), content.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        content.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

}  // namespace

result<std::string> read_file(const std::filesystem::path& file, std::size_t limit) {
    // Non-blocking, or the open of a FIFO would wait for a writer.
    unique_fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat st {};
    if (!fd || ::fstat(fd.get(), &st) != 0) return file_error(file, errno);
    if (!S_ISREG(st.st_mode)) return fail(errc::invalid, "file", file.string() + ": not a regular file");
    const auto too_large = [&] {
        return fail(errc::too_large, "file", file.string() + ": larger than " + std::to_string(limit) + " bytes");
    };
    if (static_cast<std::size_t>(st.st_size) > limit) return too_large();
    std::string content(static_cast<std::size_t>(st.st_size) + 1, '\0');
    std::size_t size = 0;
    for (;;) {
        const auto n = ::read(fd.get(), content.data() + size, content.size() - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return file_error(file, errno);
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
        if (size > limit) return too_large();  // it grew while it was read
        if (size == content.size()) content.resize(content.size() * 2);
    }
    content.resize(size);
    return content;
}

result<> replace_file(const std::filesystem::path& file, std::string_view content, unsigned mode) {
    std::string temporary = file.string() + ".XXXXXX";
    unique_fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd) return file_error(file, errno);
    const bool written = ::fchmod(fd.get(), mode) == 0 && write_all(fd.get(), content) && ::fsync(fd.get()) == 0 &&
                         ::rename(temporary.c_str(), file.c_str()) == 0;
    if (!written) {
        const int reason = errno;
        ::unlink(temporary.c_str());
        return file_error(file, reason);
    }
    const auto parent = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    unique_fd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0) return file_error(parent, errno);
    return {};
}

}  // namespace gasper
