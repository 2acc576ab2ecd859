#include "control/disk_watch.hpp"

#include <fmt/format.h>

namespace gasper::control {

namespace {

constexpr double hysteresis = 0.05;

double gibibytes(std::int64_t bytes) {
    return static_cast<double>(bytes) / (1 << 30);
}

}  // namespace

std::string in_words(const disk_space& d) {
    const auto percent = static_cast<int>(d.used() * 100 + 1e-6);  // 93 is 92.99…
    const bool of_space = static_cast<double>(d.free_bytes) <= (1 - d.used()) * static_cast<double>(d.total_bytes) + 1;
    if (!of_space) return fmt::format("{} is {} % full: {} files more fit", d.path, percent, d.free_files);
    return fmt::format("{} is {} % full: {:.1f} GiB of {:.1f} GiB left", d.path, percent, gibibytes(d.free_bytes),
                       gibibytes(d.total_bytes));
}

std::vector<disk_watch::crossing> disk_watch::look(const std::vector<node>& nodes) {
    std::vector<crossing> crossed;
    std::set<std::pair<std::string, std::string>> low;
    most_ = 0;
    fullest_.clear();
    for (const auto& n : nodes)
        for (const auto& d : n.disks) {
            const std::pair key(n.name, d.path);
            const bool before = low_.contains(key);
            const double line = percent_ / 100.0 - (before ? hysteresis : 0);
            const bool now_low = before ? d.used() > line : d.used() >= line;
            if (now_low != before) crossed.push_back({now_low, n.name, d});
            if (!now_low) continue;
            low.insert(key);
            if (d.used() >= most_) fullest_ = in_words(d);
            most_ = std::max(most_, d.used());
        }
    low_ = std::move(low);
    return crossed;
}

std::string disk_watch::overfull() const {
    return most_ * 100 >= (percent_ + 100) / 2.0 ? fullest_ : std::string();
}

result<> disk_watch::room_for_build() const {
    if (low_.empty()) return {};
    return fail(errc::unavailable, "disk_full",
                fmt::format("no room to build: {}. Free space until it is under {} %; what runs goes on running",
                            fullest_, percent_ - static_cast<int>(hysteresis * 100)));
}

}  // namespace gasper::control
