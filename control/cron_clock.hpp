// Runs cron entries at their times: each time at most once, over restarts too, for a run is claimed in the store before
// anything begins; what was due while nobody was there is reported and not made up for, but for the last five minutes.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

/// Reports what a restart interrupted, then follows the clock until cancelled.
task<> run_cron(parts& p);

/// One run, now, beside its times. errc::conflict when its concurrency forbids it.
task<result<job_id>> run_cron_entry(parts& p, cron_entry entry, std::string user);

/// Goes on with a run that a restart cut.
task<result<job_runner::work>> resume_cron(parts& p, job cut);

/// Zones that this machine's database does not have are refused.
task<result<>> check_zones(parts& p, std::vector<cron_line> lines);

}  // namespace gasper::control
