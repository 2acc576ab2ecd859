// The log of one job: lines appended by the job, followed by any number of readers from any position, kept on
// disk. All calls come from the control executor.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/asio.hpp"

namespace gasper {

/// Where a running step writes what a person should read: whole lines without their newline.
using line_sink = std::function<void(std::string_view line)>;

class job_log {
 public:
    /// Opens for appending; lines that an earlier process wrote are there again. At most 4 MiB are kept:
    /// further lines are dropped and the drop is said once.
    job_log(asio::any_io_executor executor, std::filesystem::path file);

    void append(std::string_view line);
    void close();  // no more lines will come

    /// The next lines from line number `from` on (0 is the first); waits for at least one. Empty: the log is
    /// closed and was read to its end.
    task<std::vector<std::string>> read(std::size_t from);

    std::size_t size() const noexcept { return lines_.size(); }
    bool closed() const noexcept { return closed_; }
    bool full() const noexcept { return full_; }

 private:
    std::ofstream file_;
    std::vector<std::string> lines_;
    std::size_t bytes_{0};
    bool closed_{false};
    bool full_{false};
    asio::steady_timer changed_;
};

}  // namespace gasper
