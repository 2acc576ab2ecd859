// One series of measurements on disk, in a file whose size is fixed: for each resolution a ring of records, the oldest
// overwritten by the newest. A sample goes into all resolutions at once, so nothing has to be rolled up later, and
// nothing is lost when the program ends. A record is written in one piece and says its own time: what a crash of the
// machine left half written, or an earlier round of the ring, is not taken for data. Blocks for microseconds; one
// thread at a time for each file.
#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <span>
#include <vector>

#include "control/metrics/points.hpp"

namespace gasper::control {

struct resolution {
    std::int64_t step;  // seconds
    std::int64_t kept;  // records
};
/// 10 s for an hour, 1 min for a day, 15 min for 30 days; and what has begun at either end.
inline constexpr std::array<resolution, 3> resolutions{{{10, 362}, {60, 1442}, {900, 2882}}};

/// How large a file with so many columns becomes at most.
std::int64_t series_bytes(std::size_t columns);

class series_file {
 public:
    /// `rules` say how the columns of two samples in one step are merged; the span outlives this object.
    series_file(std::filesystem::path file, std::span<const merge> rules) : file_(std::move(file)), rules_(rules) {}

    /// `at` in seconds since the epoch. False when it cannot be written.
    bool add(std::int64_t at, std::span<const double> values) const;

    /// Spans of `step` seconds that begin in [from, to), oldest first; those without samples are missing. Taken from
    /// the finest resolution that reaches back to `from` and is not finer than needed. `now` says what is kept still.
    std::vector<point> read(std::int64_t from, std::int64_t to, std::int64_t step, std::int64_t now) const;

 private:
    std::size_t record_size() const { return (rules_.size() + 1) * sizeof(double); }
    std::int64_t offset_of(std::size_t level, std::int64_t at) const;
    bool add_at(int fd, std::size_t level, std::int64_t at, std::span<const double> values) const;
    std::vector<point> read_level(std::size_t level, std::int64_t from, std::int64_t to) const;

    std::filesystem::path file_;
    std::span<const merge> rules_;
};

/// The resolution that answers for spans of `step` seconds since `from`.
std::size_t level_for(std::int64_t from, std::int64_t step, std::int64_t now);

/// `into` and `more` as one span of time.
void merge_values(std::span<double> into, std::span<const double> more, std::span<const merge> rules);

}  // namespace gasper::control
