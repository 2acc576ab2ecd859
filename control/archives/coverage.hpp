// Which moments an archive brings back, what is needed for one of them, and what is not needed any more. Values; any
// thread, no clock is read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/model/archive.hpp"

namespace gasper::control {

/// From a moment until another, both included.
struct coverage {
    sys_time from, until;
    bool operator==(const coverage&) const = default;
};

/// What is in archives: bases by begins, segments by run and number, as the store gives them.
struct archive_contents {
    std::vector<archive_base> bases;
    std::vector<archive_segment> segments;
};

/// The oldest first; those that touch are one. Only proved bases count, and of their runs what follows without a gap.
std::vector<coverage> covered_by(const archive_contents& all);
/// "2026-07-15T03:00:00.000Z to 2026-07-16T12:00:00.000Z, and …"; "nothing".
std::string to_string(const std::vector<coverage>& covered);

/// What brings a moment back.
struct recovery_plan {
    archive_base base;
    std::vector<archive_segment> segments;  // from the base's first on, without a gap
};

/// errc::not_found "not_covered", with what is covered, or "archive_gap" with the segments that are missing.
result<recovery_plan> plan_recovery(const archive_contents& all, sys_time at);
/// What proves a base: it with the segments until it is whole.
result<recovery_plan> plan_proof(const archive_contents& all, const archive_base& base);

/// What no moment from `since` on needs. Nothing of `run`, which is going on, as long as it has no proved base; its
/// newest proved base always stays. Bases that are being made stay.
archive_contents not_needed(const archive_contents& all, const std::string& run, sys_time since);

}  // namespace gasper::control
