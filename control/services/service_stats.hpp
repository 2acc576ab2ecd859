// What there is to say of a database now, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/model/model.hpp"

namespace gasper::control {

/// What the kind's own `stats` say.
struct service_stats {
    std::string version;  // of the server, exactly
    std::int64_t size_bytes{0};
    std::int64_t connections{0}, max_connections{0};
    std::optional<double> hit_ratio;  // 0 … 1, of its cache; none: nothing was asked for yet
    std::int64_t slow_queries{0};
};

/// One of those that took longest, as the server counts it; without the values in it.
struct slow_statement {
    std::string text;  // its beginning
    std::int64_t calls{0};
    double longest_ms{0}, mean_ms{0};
};

/// What a service's files take, and what its plan lets them grow to before an alarm.
struct service_disk {
    std::int64_t used{0}, limit{0};  // bytes; limit 0: none
    bool low{false};                 // told so, and not of room again yet
};

/// For Prometheus. What is not known is left out there.
struct service_now {
    std::string name, kind;
    bool up{false};
    std::optional<std::int64_t> memory_bytes;
    std::optional<service_disk> disk;    // of the last look
    std::optional<service_stats> stats;  // at most some minutes old
    std::optional<sys_time> backed_up;   // when the newest verified backup was taken
};

}  // namespace gasper::control
