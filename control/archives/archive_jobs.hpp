// Jobs about archives: a base backup, a recovery. For control's own sources; what people call is archives.hpp.
#pragma once

#include "control/archives/coverage.hpp"
#include "control/backups/beside.hpp"
#include "control/parts.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/archive.hpp"

namespace gasper::control {

/// A base backup of the archive's service, proved by a recovery in a throw-away server; the run's coverage begins.
task<result<job_id>> start_base(parts& p, archive a, std::string user);
/// Brings a moment of the archive into a service. `anew`: it was made for this.
task<result<job_id>> start_recovery(parts& p, service into, archive_id from, sys_time at, bool anew, std::string user);

/// After a restart (control/job_kinds.hpp).
task<result<job_runner::work>> resume_base(parts& p, job cut);
task<result<job_runner::work>> resume_recovery(parts& p, job cut);
/// What is left of a job that does not go on.
task<> clear_base(parts& p, job cut, std::string reason);
task<> clear_recovery(parts& p, job cut, std::string reason);

/// Starts the server beside and brings it to the moment; it runs then, with nobody's users.
task<result<>> recover_beside(parts& p, service s, server_beside& beside, recovery_plan plan, sys_time at,
                              job_context& job);

/// How an object of the archive says whose it is, authenticated with it: "blue/1a2b3c4d/base".
std::string archive_label(const std::string& service, const std::string& run, const std::string& what);

}  // namespace gasper::control
