// Jobs about backups: making one, restoring one. For control's own sources; what people call is backups.hpp.
#pragma once

#include "control/parts.hpp"
#include "control/services/verbs.hpp"
#include "core/backups/retention.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/backup.hpp"

namespace gasper::control {

/// Writes down a backup that is to be made of a service that runs.
task<backup> note_backup(parts& p, service s, std::string place, std::string origin);

/// Dumps into its place and proves it in a throw-away server. Only then it counts as verified; a refusal is written
/// down with it, and an event tells of it. A second time it does the same again, under the same name.
task<result<>> run_backup(parts& p, backup_id id, job_context& job);

/// The last of a service that is about to go, within the job that ends it. One that does not run has none.
task<result<>> make_last_backup(parts& p, service s, job_context& job);

/// A job of the service. Its id.
task<result<job_id>> start_backup(parts& p, service s, std::string place, std::string origin, std::string user);

/// A job of the service. `anew`: it was made for this.
task<result<job_id>> start_restore(parts& p, service s, backup from, bool anew, std::string user);

/// After a restart (control/job_kinds.hpp).
task<result<job_runner::work>> resume_backup(parts& p, job cut);
task<result<job_runner::work>> resume_restore(parts& p, job cut);
task<result<job_runner::work>> resume_import(parts& p, job cut);
/// What is left of a job that does not go on.
task<> clear_backup(parts& p, job cut, std::string reason);
task<> clear_restore(parts& p, job cut, std::string reason);

/// Of one service's scheduled backups: what the rule does not keep of those that are verified, in each place by itself,
/// and what could not be proved, once a newer one is verified.
std::vector<backup> backups_to_retire(const keep_rule& rule, const std::vector<backup>& all, sys_time now);
/// Deletes these.
task<> retire_backups(parts& p, backup_schedule schedule, line_sink say);

/// Replaces all data of a service by a dump: into a server beside it first; what was there stays until the restored
/// data serves, also when this program is ended meanwhile. `input` gives the dump. `whence`: "backup 12".
task<result<>> restore_service(parts& p, service_id id, verb_input input, std::string whence, job_context& job);
/// The same from a stored backup, refused before anything begins unless it fits the service.
task<result<>> run_restore(parts& p, service_id id, backup b, job_context& job);
/// The same into a service that was made for it: when it fails, nothing is left of that.
task<result<>> run_restore_into_new(parts& p, service_id id, backup b, job_context& job);
/// The same from a client's stream.
task<result<>> run_import(parts& p, service_id id, verb_input source, job_context& job);

/// For those who follow the service's apps, and in the audit.
task<> tell_backup_event(parts& p, std::string action, std::string service, std::string detail);
/// The same inside a transaction of the caller's: what happened and that it is told are one.
void add_backup_event(SQLite::Database& db, const secret_box& box, const std::string& action,
                      const std::string& service, const std::string& detail);

}  // namespace gasper::control
