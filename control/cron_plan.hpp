// What of an entry is due: a pure function of its schedule, of what was dealt with, and of the time.
#pragma once

#include <optional>
#include <vector>

#include "core/base/cron_expression.hpp"
#include "core/model/model.hpp"

namespace gasper::control {

struct cron_plan {
    std::optional<std::chrono::sys_seconds> run;   // the newest that is due and not too late
    std::vector<std::chrono::sys_seconds> missed;  // the others, oldest first, the newest 10 of them
    int missed_count{0};                           // at most 1,000 are counted
    std::optional<std::chrono::sys_seconds> next;  // after `now`
};

/// Times in (seen, now]. One that is later than `grace` is not run any more.
cron_plan plan_cron(const cron_expression& schedule, const time_zone& in, sys_time seen, sys_time now,
                    std::chrono::seconds grace);

}  // namespace gasper::control
