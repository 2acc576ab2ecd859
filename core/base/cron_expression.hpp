// When something is to happen: the five fields of crontab(5), or @hourly, @daily … as values. Text in, times out; no
// clock is read.
#pragma once

#include <bitset>
#include <chrono>
#include <optional>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/time_zone.hpp"

namespace gasper {

class cron_expression {
 public:
    /// "MINUTE HOUR DAY MONTH WEEKDAY": numbers, names (jan, mon), lists, ranges, steps; 7 is Sunday as 0 is. When both
    /// days are restricted, either is enough. Or @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly. At
    /// most 256 bytes. Refuses with the field that is wrong, and times that never come (30 February).
    static result<cron_expression> parse(std::string_view text);

    /// The first time after `after`. A local time that the clock skips happens right after the gap, once with all
    /// others that were skipped; one that comes twice happens the first time. Where every hour is meant ("*/5 * * *
    /// *"), what counts is that time passes: then also the second time. None: not within the next nine years.
    std::optional<std::chrono::sys_seconds> next(std::chrono::sys_seconds after, const time_zone& in) const;

 private:
    cron_expression() = default;
    bool day_matches(std::chrono::sys_days local_day) const;
    std::optional<std::chrono::sys_seconds> first_of_day(std::chrono::sys_days local_day,
                                                         std::chrono::sys_seconds after, const time_zone& in) const;
    bool ever() const;

    std::bitset<60> minutes_;
    std::bitset<24> hours_;
    std::bitset<32> days_;     // 1 … 31
    std::bitset<13> months_;   // 1 … 12
    std::bitset<7> weekdays_;  // 0: Sunday
    bool any_day_{false};      // the field begins with '*'
    bool any_weekday_{false};
};

}  // namespace gasper
