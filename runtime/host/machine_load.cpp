#include "runtime/host/machine_load.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace gasper::runtime {

namespace {

std::string text_of(const char* file) {
    std::ifstream in(file);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::int64_t kibibytes(std::string_view meminfo, std::string_view key) {
    const auto at = meminfo.find(key);
    if (at == meminfo.npos) return 0;
    std::istringstream rest{std::string(meminfo.substr(at + key.size(), 64))};
    std::int64_t value = 0;
    rest >> value;
    return value;
}

struct ticks {
    std::uint64_t busy{0}, all{0};
    int processors{0};
};

// "cpu  user nice system idle iowait irq softirq steal …", then one line a processor. Steal is somebody else's use.
ticks parse_ticks(std::string_view stat) {
    ticks t;
    std::istringstream lines{std::string(stat)};
    for (std::string line; std::getline(lines, line) && line.starts_with("cpu");) {
        if (line[3] != ' ') {
            ++t.processors;
            continue;
        }
        std::istringstream numbers(line.substr(4));
        std::uint64_t value = 0;
        for (int column = 0; column < 8 && numbers >> value; ++column) {
            t.all += value;
            if (column != 3 && column != 4) t.busy += value;
        }
    }
    return t;
}

}  // namespace

resources machine_load::look() {
    return look(text_of("/proc/meminfo"), text_of("/proc/stat"), std::chrono::steady_clock::now());
}

resources machine_load::look(std::string_view meminfo, std::string_view stat,
                             std::chrono::steady_clock::time_point at) {
    const auto used = kibibytes(meminfo, "MemTotal:") - kibibytes(meminfo, "MemAvailable:");
    const bool first = last_ == std::chrono::steady_clock::time_point{};
    if (first || at - last_ >= std::chrono::seconds(1)) {
        const auto t = parse_ticks(stat);
        if (t.all > all_) {
            const auto share =
                static_cast<double>(t.busy - std::min(busy_, t.busy)) / static_cast<double>(t.all - all_);
            cpus_ = share * t.processors;
        }
        busy_ = t.busy;
        all_ = t.all;
        last_ = at;
    }
    return {std::max<std::int64_t>(0, used) * 1024, cpus_};
}

}  // namespace gasper::runtime
