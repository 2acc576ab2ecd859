// One process per role and data directory: a lock on a file that also says who holds it. The kernel gives the lock
// back when the process ends, however it ends.
#pragma once

#include <filesystem>

#include "core/base/error.hpp"
#include "core/base/handle.hpp"

namespace gasper {

class role_lock {
 public:
    /// errc::conflict when another process holds it.
    static result<role_lock> take(const std::filesystem::path& file);

    /// The pid of the process that holds it, 0 when none does.
    static int holder(const std::filesystem::path& file);

 private:
    explicit role_lock(unique_fd fd) : fd_(std::move(fd)) {}
    unique_fd fd_;
};

}  // namespace gasper
