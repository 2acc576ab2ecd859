// Where access lines are kept for whoever follows them: FILE, and FILE.1 when it was full. Appended whole lines at a
// time, so that an old router that drains and its successor may share it. The first line names the file's generation
// ("# generation 1767312000000000000"): a follower that remembers generation and offset finds its place again.
// Belongs to one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "core/base/handle.hpp"

namespace gasper::router {

class access_file {
 public:
    access_file(std::filesystem::path file, std::uint64_t limit);

    /// False when nothing, or not all, could be written: the disk is full, the directory is gone.
    bool write(std::string_view lines);

 private:
    bool open();
    bool is_current() const;
    void rotate();
    bool append(std::string_view text);

    std::filesystem::path file_;
    std::uint64_t limit_;  // bytes of one file
    unique_fd fd_;
    bool torn_{false};  // the last write ended inside a line
};

}  // namespace gasper::router
