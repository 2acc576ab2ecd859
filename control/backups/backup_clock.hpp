// Makes backups at their times and says when none came of it: a silent failure is impossible. For control's own
// sources, and gasper/serve.cpp.
#pragma once

#include "control/cron_plan.hpp"
#include "control/parts.hpp"
#include "core/model/backup.hpp"

namespace gasper::control {

/// What is wrong with a service's backups: the newest failed or is not verified, or a time of its schedule has no
/// verified one an hour later, made at it or since. Empty: nothing. `all`: the newest first.
std::string backup_alarm(const std::optional<backup_schedule>& schedule, const std::vector<backup>& all, sys_time now);

/// Its times that are due are seen now; the oldest of them waits for a verified backup, unless one does already. Those
/// of a service that is stopped do not count.
void note_due(backup_schedule& s, const cron_plan& due, bool counts);
/// `newest`: when the newest verified backup was taken. It covers the times until then; the next one may wait.
void note_proved(backup_schedule& s, sys_time newest, const cron_expression& expression, const time_zone& zone);

/// Once at start: what was interrupted and does not go on is failed and told; what lies around of it is removed.
task<> recover_backups(parts& p, std::vector<job> going_on);
/// Follows the clock until cancelled. A time that nobody was there for is made up for within a day.
task<> run_backup_clock(parts& p);
/// One look at all schedules: what is due begins, what is overdue is told once. When to look again at the latest.
task<sys_time> look_at_backup_schedules(parts& p);

}  // namespace gasper::control
