// C handles as values: unique_ptr whose deleter is the library's own free function.
#pragma once

#include <unistd.h>

#include <memory>
#include <utility>

namespace gasper {

template <auto Free>
struct frees {
    template <class T>
    void operator()(T* p) const noexcept {
        Free(p);
    }
};

template <class T, auto Free>
using handle = std::unique_ptr<T, frees<Free>>;

/// A file descriptor that closes itself. -1 is none.
class unique_fd {
 public:
    unique_fd() = default;
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    ~unique_fd() { reset(); }

    int get() const noexcept { return fd_; }
    int release() noexcept { return std::exchange(fd_, -1); }
    void reset() noexcept {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
    int fd_{-1};
};

}  // namespace gasper
