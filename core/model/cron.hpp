// Commands that run by the clock, as values.
#pragma once

#include <optional>
#include <string>

#include "core/base/error.hpp"
#include "core/model/model.hpp"

namespace gasper {

using cron_id = id<struct cron_tag>;

/// What happens when the run before still goes on: both; this one is left out; the one before is ended first.
enum class cron_overlap { allow, forbid, replace };
std::string_view to_string(cron_overlap o) noexcept;
std::optional<cron_overlap> cron_overlap_of(std::string_view text) noexcept;

/// As app.json says it, or a person.
struct cron_line {
    std::string schedule;  // see core/base/cron_expression.hpp
    std::string zone{"UTC"};
    std::string command;  // for /bin/sh -c
    cron_overlap overlap{cron_overlap::allow};
    bool operator==(const cron_line&) const = default;
};

/// The schedule can be read, the command is 1 … 4096 bytes. Whether there is such a zone is the loader's to say.
result<> check_cron_line(const cron_line& line);

struct cron_entry {
    cron_id id;
    gasper::app_id app;
    std::string app_name;
    cron_line line;
    bool from_file{false};  // app.json's: comes and goes with releases
    sys_time seen{};        // what was due until then has been dealt with
};

/// One time of an entry. outcome: "running", "succeeded", "failed", "aborted", "interrupted" (by a restart),
/// "skipped" (the one before still ran), "missed" (nobody was there).
struct cron_run {
    cron_id entry;
    sys_time scheduled{};
    job_id job;
    std::string outcome;
};

}  // namespace gasper
