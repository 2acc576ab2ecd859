// Makes backups at their times and says when none came of it: a silent failure is impossible. For control's own
// sources, and gasper/serve.cpp.
#pragma once

#include "control/parts.hpp"
#include "core/model/backup.hpp"

namespace gasper::control {

/// What is wrong with a service's backups: the newest failed or is not verified, or its schedule's last time has no
/// verified one an hour later. Empty: nothing. `all`: the newest first.
std::string backup_alarm(const std::optional<backup_schedule>& schedule, const std::vector<backup>& all, sys_time now);

/// Once at start: what was interrupted is failed and told; what lies around of it is removed.
task<> recover_backups(parts& p);
/// Follows the clock until cancelled. A time that nobody was there for is made up for within a day.
task<> run_backup_clock(parts& p);
/// One look at all schedules: what is due begins, what is overdue is told once. When to look again at the latest.
task<sys_time> look_at_backup_schedules(parts& p);

}  // namespace gasper::control
