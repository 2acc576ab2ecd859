#include "control/metrics/series_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace gasper::control {

namespace {

// Names the layout: a file of another one is begun anew.
struct header {
    std::array<char, 8> magic{'g', 's', 'p', 's', 'e', 'r', '0', '1'};
    std::uint64_t columns{0};
    bool operator==(const header&) const = default;
};

class open_file {
 public:
    open_file(const std::filesystem::path& at, int flags) : fd_(::open(at.c_str(), flags | O_CLOEXEC, 0600)) {}
    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;
    ~open_file() {
        if (fd_ >= 0) ::close(fd_);
    }
    int fd() const noexcept { return fd_; }

 private:
    int fd_;
};

bool read_whole(int fd, void* into, std::size_t size, std::int64_t offset) {
    return ::pread(fd, into, size, offset) == static_cast<ssize_t>(size);
}

bool write_whole(int fd, const void* from, std::size_t size, std::int64_t offset) {
    return ::pwrite(fd, from, size, offset) == static_cast<ssize_t>(size);
}

bool begin(int fd, std::size_t columns) {
    header now, wanted{.columns = columns};
    if (read_whole(fd, &now, sizeof now, 0) && now == wanted) return true;
    return ::ftruncate(fd, 0) == 0 && ::ftruncate(fd, series_bytes(columns)) == 0 &&
           write_whole(fd, &wanted, sizeof wanted, 0);
}

bool is_ours(int fd, std::size_t columns) {
    header now;
    return read_whole(fd, &now, sizeof now, 0) && now == header{.columns = columns};
}

std::int64_t step_of(std::int64_t at, std::int64_t step) {
    return at / step * step;
}

}  // namespace

std::int64_t series_bytes(std::size_t columns) {
    std::int64_t records = 0;
    for (const auto& r : resolutions)
        records += r.kept;
    return static_cast<std::int64_t>(sizeof(header) +
                                     (columns + 1) * sizeof(double) * static_cast<std::size_t>(records));
}

void merge_values(std::span<double> into, std::span<const double> more, std::span<const merge> rules) {
    for (std::size_t i = 0; i < rules.size(); ++i)
        into[i] = rules[i] == merge::sum ? into[i] + more[i] : std::max(into[i], more[i]);
}

std::size_t level_for(std::int64_t from, std::int64_t step, std::int64_t now) {
    std::size_t level = 0;
    while (level + 1 < resolutions.size()) {
        const auto& here = resolutions[level];
        const bool reaches = from >= step_of(now, here.step) - here.step * (here.kept - 1);
        const bool needless = step >= resolutions[level + 1].step;
        if (reaches && !needless) break;
        ++level;
    }
    return level;
}

// A record is its time and its columns, eight bytes each.
std::int64_t series_file::offset_of(std::size_t level, std::int64_t at) const {
    std::int64_t records = 0;
    for (std::size_t i = 0; i < level; ++i)
        records += resolutions[i].kept;
    records += at / resolutions[level].step % resolutions[level].kept;
    return static_cast<std::int64_t>(sizeof(header) + record_size() * static_cast<std::size_t>(records));
}

bool series_file::add_at(int fd, std::size_t level, std::int64_t at, std::span<const double> values) const {
    const auto begins = step_of(at, resolutions[level].step);
    const auto offset = offset_of(level, begins);
    std::vector<double> record(rules_.size() + 1);
    if (!read_whole(fd, record.data(), record_size(), offset)) return false;
    const std::span<double> kept(record.begin() + 1, record.end());
    const bool same_step = record[0] == static_cast<double>(begins) &&
                           std::all_of(kept.begin(), kept.end(), [](double v) { return std::isfinite(v) && v >= 0; });
    if (same_step)
        merge_values(kept, values, rules_);
    else
        std::copy(values.begin(), values.end(), kept.begin());
    record[0] = static_cast<double>(begins);
    return write_whole(fd, record.data(), record_size(), offset);
}

bool series_file::add(std::int64_t at, std::span<const double> values) const {
    if (values.size() != rules_.size() || at <= 0) return false;
    const open_file file(file_, O_RDWR | O_CREAT);
    if (file.fd() < 0 || !begin(file.fd(), rules_.size())) return false;
    bool written = true;
    for (std::size_t level = 0; level < resolutions.size(); ++level)
        written = add_at(file.fd(), level, at, values) && written;
    return written;
}

std::vector<point> series_file::read_level(std::size_t level, std::int64_t from, std::int64_t to) const {
    const open_file file(file_, O_RDONLY);
    if (file.fd() < 0 || !is_ours(file.fd(), rules_.size())) return {};
    const auto& r = resolutions[level];
    const auto width = rules_.size() + 1;
    std::vector<double> ring(width * static_cast<std::size_t>(r.kept));
    if (!read_whole(file.fd(), ring.data(), ring.size() * sizeof(double), offset_of(level, 0))) return {};
    std::vector<point> found;
    const auto fits = [](double v) { return std::isfinite(v) && v >= 0; };
    for (std::size_t i = 0; i < static_cast<std::size_t>(r.kept); ++i) {
        const std::span<const double> record(ring.data() + i * width, width);
        if (!std::all_of(record.begin(), record.end(), fits) || record[0] <= 0) continue;
        const auto at = static_cast<std::int64_t>(record[0]);
        if (at < from || at >= to || at % r.step != 0) continue;
        found.push_back({at, {record.begin() + 1, record.end()}});
    }
    std::sort(found.begin(), found.end(), [](const point& a, const point& b) { return a.at < b.at; });
    return found;
}

std::vector<point> series_file::read(std::int64_t from, std::int64_t to, std::int64_t step, std::int64_t now) const {
    const auto level = level_for(from, step, now);
    step = std::max(step, resolutions[level].step);
    from = step_of(from, step);
    // What a ring holds beyond its time is of an earlier round: it was not written since.
    const auto oldest = step_of(now, resolutions[level].step) - resolutions[level].step * (resolutions[level].kept - 1);
    std::vector<point> spans;
    for (auto& fine : read_level(level, std::max(from, oldest), to)) {
        const auto at = step_of(fine.at, step);
        if (spans.empty() || spans.back().at != at)
            spans.push_back({at, std::move(fine.values)});
        else
            merge_values(spans.back().values, fine.values, rules_);
    }
    return spans;
}

}  // namespace gasper::control
