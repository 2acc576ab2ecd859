// Any text is a schedule or a refusal; the times of a schedule go forward, on whole minutes.
// sources: core/base/error.cpp core/base/cron_expression.cpp core/base/time_zone.cpp core/base/zone_rule.cpp
#include "core/base/cron_expression.hpp"

#include <cstdint>
#include <cstdlib>

using namespace gasper;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto schedule = cron_expression::parse(text);
    if (!schedule) return 0;
    static const auto loaded = load_time_zone("Europe/Berlin");
    static const auto zone = loaded ? *loaded : time_zone();
    std::chrono::sys_seconds at(std::chrono::seconds(1'774'700'000));
    for (int n = 0; n < 3; ++n) {
        const auto next = schedule->next(at, zone);
        if (!next) break;
        if (*next <= at || next->time_since_epoch().count() % 60 != 0) std::abort();
        at = *next;
    }
    return 0;
}
