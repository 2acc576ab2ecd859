// Which backups to keep. Values in, values out: no clock is read.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace gasper {

/// The newest of each of the last `daily` days that have one, and likewise of weeks and months (UTC, weeks from
/// Monday).
struct keep_rule {
    int daily{7}, weekly{4}, monthly{6};
    bool operator==(const keep_rule&) const = default;
};

/// "daily=7,weekly=4,monthly=6": each 0 … 1000, once, in any order; what is not named is 0. Something must be kept.
result<keep_rule> parse_keep_rule(std::string_view text);
std::string to_string(const keep_rule& rule);

/// The places in `taken` of what may go, in rising order. The newest always stays. What was taken after `now` stays too
/// and counts for no day: a clock that jumped must not cost a backup.
std::vector<std::size_t> superfluous(const keep_rule& rule, const std::vector<std::chrono::sys_seconds>& taken,
                                     std::chrono::sys_seconds now);

}  // namespace gasper
