// Any bytes are a time zone's file or a refusal; every moment of a zone is found from its local time.
// sources: core/base/error.cpp core/base/time_zone.cpp core/base/zone_rule.cpp
#include "core/base/time_zone.hpp"

#include <cstdint>
#include <cstdlib>

#include "core/base/zone_rule.hpp"

using namespace gasper;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    (void)parse_zone_rule(bytes);
    const auto zone = time_zone::parse(bytes);
    if (!zone) return 0;
    for (std::int64_t t = 0; t < 4'000'000'000; t += 97'000'003) {
        const std::chrono::sys_seconds at{std::chrono::seconds(t)};
        const auto found = zone->find(local_seconds(at.time_since_epoch() + zone->offset_at(at)));
        if (found.last < found.first) std::abort();
    }
    return 0;
}
