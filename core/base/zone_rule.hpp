// The rule by which a time zone goes on for ever: the TZ string of POSIX with the extensions of RFC 8536, such as
// "CET-1CEST,M3.5.0,M10.5.0/3". Values.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper {

struct zone_rule {
    /// A day of every year, and the wall clock's time on it.
    struct change {
        enum class kind { month_week_day, julian, zero_based } how{kind::month_week_day};
        int month{0}, week{0}, weekday{0};  // week 5: the last
        int day{0};                         // julian: 1 … 365, 29 February never counts; zero_based: 0 … 365
        std::chrono::seconds time{7200};    // may be negative, or beyond the day
        std::chrono::sys_days day_in(std::chrono::year y) const;
    };
    struct summer_time {
        std::chrono::seconds offset;
        change begins, ends;
    };
    std::chrono::seconds standard{0};  // local time minus UTC
    std::optional<summer_time> summer;

    std::chrono::sys_seconds summer_begins(std::chrono::year y) const;
    std::chrono::sys_seconds summer_ends(std::chrono::year y) const;
};

/// At most 128 bytes.
result<zone_rule> parse_zone_rule(std::string_view text);

}  // namespace gasper
