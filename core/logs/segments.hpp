// One app's log on disk: numbered segments in a directory, the newest appended to, the oldest removed by size and age.
// A kill leaves at most a torn last line, which the next open cuts off. Each segment begins with the marks of what was
// read before it, so the newest one tells where every source goes on. No fsync: what a power failure takes is read
// again from its source. Blocking; the writer belongs to one thread, reading needs none.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/base/handle.hpp"
#include "core/logs/filter.hpp"

namespace gasper {

struct segment_limits {
    std::uint64_t size{16u << 20};                   // bytes of all segments of an app
    std::chrono::seconds age{std::chrono::days(7)};  // of a line
    std::uint64_t segment_size() const noexcept { return std::max<std::uint64_t>(size / 16, 64 << 10); }
};

class segment_writer {
 public:
    /// Reads what is there; makes nothing before the first append.
    segment_writer(std::filesystem::path directory, segment_limits limits);

    /// Numbers the entries and writes them. False: the disk took none or not all of them; nothing is torn.
    bool append(std::vector<log_entry>& entries);
    /// Removes what is older than the limit at `now`.
    void expire(log_time now);
    /// The origin is gone: its mark need not be carried on.
    void forget(std::string_view origin);

    const log_marks& marks() const noexcept { return marks_; }
    std::uint64_t last_sequence() const noexcept { return last_; }

 private:
    void recover(const std::filesystem::path& newest);
    bool begin_segment();
    void remove_oldest();
    bool write(const std::string& bytes);

    std::filesystem::path directory_;
    segment_limits limits_;
    unique_fd fd_;
    std::uint64_t size_{0};  // of the newest segment
    log_time begun_{};       // when its first line was written
    bool has_lines_{false};  // else it holds marks only
    std::uint64_t last_{0};
    log_marks marks_;
};

struct log_range {
    log_filter filter;
    std::uint64_t after{0};          // only later sequences
    std::uint64_t upto{UINT64_MAX};  // and no later than this
    std::size_t most{100};           // the newest so many, at most 16 MiB of them
};

/// Oldest first. May run beside the writer.
std::vector<log_entry> read_segments(const std::filesystem::path& directory, const log_range& range);

}  // namespace gasper
