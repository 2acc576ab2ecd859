// A subscriber's line on the feed: whatever comes, what is read back can be written, fits its line, and reads the same.
// sources: core/tables/report.cpp
#include "core/tables/report.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gasper;
    const std::string_view text(reinterpret_cast<const char*>(data), std::min(size, report_limits::line));
    const auto line = nlohmann::json::parse(text, nullptr, false);
    if (!line.is_object()) return 0;
    const auto report = read_report(line);
    if (!report) return 0;
    feed_report again;
    for (const auto& l : to_lines(*report, {{"subscriber", "router"}})) {
        if (l.size() > report_limits::line) std::abort();
        const auto part = read_report(nlohmann::json::parse(l));
        if (!part) std::abort();
        if (part->leaving) again.leaving = part->leaving;
        again.wake.insert(part->wake.begin(), part->wake.end());
        again.idle.insert(part->idle.begin(), part->idle.end());
        again.traffic.insert(part->traffic.begin(), part->traffic.end());
    }
    if (again != *report) std::abort();
    return 0;
}
