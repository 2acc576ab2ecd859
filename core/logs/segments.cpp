#include "core/logs/segments.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "core/base/files.hpp"

namespace gasper {

namespace {

constexpr std::size_t most_answered = 16u << 20;  // of one answer
constexpr std::size_t largest_segment = 64u << 20;
constexpr std::size_t most_marks = 256;

struct segment {
    std::uint64_t first{0};  // its first sequence
    std::filesystem::path file;
};

// Oldest first.
std::vector<segment> segments_in(const std::filesystem::path& directory) {
    std::vector<segment> all;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(directory, none)) {
        const auto name = entry.path().filename().string();
        segment s{.file = entry.path()};
        const auto [end, wrong] = std::from_chars(name.data(), name.data() + name.size(), s.first);
        if (wrong == std::errc() && std::string_view(end) == ".log") all.push_back(std::move(s));
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return all;
}

std::uint64_t size_of(const std::filesystem::path& file) {
    std::error_code gone;
    const auto size = std::filesystem::file_size(file, gone);
    return gone ? 0 : size;
}

log_time changed(const std::filesystem::path& file) {
    struct stat s {};
    if (::stat(file.c_str(), &s) != 0) return log_now();
    return log_time(std::chrono::seconds(s.st_mtim.tv_sec) + std::chrono::nanoseconds(s.st_mtim.tv_nsec));
}

class backwards {
 public:
    explicit backwards(std::string_view text) : rest_(text.substr(0, text.rfind('\n') + 1)) {}

    bool next(std::string_view& line) {
        if (rest_.empty()) return false;
        rest_.remove_suffix(1);
        const auto begin = rest_.rfind('\n') + 1;  // npos + 1 is 0
        line = rest_.substr(begin);
        rest_ = rest_.substr(0, begin);
        return true;
    }

 private:
    std::string_view rest_;
};

}  // namespace

segment_writer::segment_writer(std::filesystem::path directory, segment_limits limits)
    : directory_(std::move(directory)), limits_(limits) {
    const auto all = segments_in(directory_);
    if (all.empty()) return;
    last_ = all.back().first > 0 ? all.back().first - 1 : 0;
    recover(all.back().file);
}

// What follows a torn or damaged line is cut off: it cannot be told where it begins.
void segment_writer::recover(const std::filesystem::path& newest) {
    const auto content = read_file(newest, largest_segment);
    if (!content) return;
    std::size_t good = 0;
    for (std::size_t end; (end = content->find('\n', good)) != std::string::npos; good = end + 1) {
        auto e = parse_record(std::string_view(*content).substr(good, end - good));
        if (!e) break;
        if (!has_lines_ && e->sequence > 0) begun_ = e->at;
        has_lines_ = has_lines_ || e->sequence > 0;
        last_ = std::max(last_, e->sequence);
        if (e->origin.empty()) continue;
        auto& mark = marks_[e->origin];
        mark = std::max(mark, e->place);
    }
    fd_ = unique_fd(::open(newest.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    size_ = good;
    if (fd_ && good < content->size() && ::ftruncate(fd_.get(), static_cast<off_t>(good)) != 0) fd_.reset();
}

bool segment_writer::write(const std::string& bytes) {
    std::string_view rest = bytes;
    while (!rest.empty()) {
        const auto n = ::write(fd_.get(), rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            if (::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) fd_.reset();
            return false;
        }
        rest.remove_prefix(static_cast<std::size_t>(n));
    }
    size_ += bytes.size();
    return true;
}

bool segment_writer::begin_segment() {
    std::error_code failed;
    std::filesystem::create_directories(directory_, failed);
    char name[32];
    const unsigned long long next = last_ + 1;
    std::snprintf(name, sizeof name, "%020llu.log", next);
    fd_ = unique_fd(::open((directory_ / name).c_str(), O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    size_ = 0;
    begun_ = log_now();
    has_lines_ = false;
    if (!fd_) return false;
    while (marks_.size() > most_marks)
        marks_.erase(std::min_element(marks_.begin(), marks_.end(),
                                      [](const auto& a, const auto& b) { return a.second < b.second; }));
    std::string opening;
    for (const auto& [origin, place] : marks_)
        append_mark(origin, place, opening);
    return write(opening);
}

void segment_writer::remove_oldest() {
    auto all = segments_in(directory_);
    std::uint64_t total = 0;
    for (const auto& s : all)
        total += size_of(s.file);
    std::error_code ignored;
    for (std::size_t i = 0; i + 1 < all.size() && total + limits_.segment_size() > limits_.size; ++i) {
        total -= size_of(all[i].file);
        std::filesystem::remove(all[i].file, ignored);
    }
}

bool segment_writer::append(std::vector<log_entry>& entries) {
    bool kept = true;
    std::string bytes;
    const auto put = [&] {
        kept = (bytes.empty() || (fd_ && write(bytes))) && kept;
        bytes.clear();
    };
    for (auto& e : entries) {
        if (!fd_ || size_ + bytes.size() >= limits_.segment_size()) {
            put();
            remove_oldest();
            kept = begin_segment() && kept;
        }
        e.sequence = ++last_;
        has_lines_ = true;
        append_record(e, bytes);
        if (e.origin.empty()) continue;
        auto& mark = marks_[e.origin];
        mark = std::max(mark, e.place);
    }
    put();
    return kept;
}

void segment_writer::expire(log_time now) {
    // A quiet app's only segment must come to an end too, or its oldest line would stay as long as its newest.
    if (has_lines_ && now - begun_ > std::max<std::chrono::seconds>(limits_.age / 8, std::chrono::hours(1)))
        begin_segment();
    const auto all = segments_in(directory_);
    std::error_code ignored;
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
        if (now - changed(all[i].file) > limits_.age) std::filesystem::remove(all[i].file, ignored);
}

void segment_writer::forget(std::string_view origin) {
    if (const auto at = marks_.find(origin); at != marks_.end()) marks_.erase(at);
}

std::vector<log_entry> read_segments(const std::filesystem::path& directory, const log_range& range) {
    std::vector<log_entry> found;
    std::size_t bytes = 0;
    const auto all = segments_in(directory);
    for (auto s = all.rbegin(); s != all.rend() && found.size() < range.most && bytes < most_answered; ++s) {
        if (s->first > range.upto) continue;
        // Not the end: the clock may have gone back since an older one was written.
        if (range.filter.since && changed(s->file) < *range.filter.since) continue;
        const auto content = read_file(s->file, largest_segment);
        if (!content) continue;  // it was removed meanwhile
        backwards lines(*content);
        for (std::string_view line; found.size() < range.most && bytes < most_answered && lines.next(line);) {
            auto e = parse_record(line);
            if (!e || e->sequence == 0 || e->sequence > range.upto) continue;
            if (e->sequence <= range.after) break;
            if (!range.filter.matches(*e)) continue;
            bytes += e->text.size() + 64;
            found.push_back(std::move(*e));
        }
        if (s->first <= range.after) break;
    }
    std::reverse(found.begin(), found.end());
    return found;
}

}  // namespace gasper
