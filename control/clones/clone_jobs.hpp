// Jobs that copy a service's data into a new one. For control's own sources; what people call is clones.hpp.
#pragma once

#include <string>

#include "control/parts.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

/// `into`: a row that is not made. On refusal it is gone.
task<result<job_id>> start_clone(parts& p, service from, service into, std::string user);
task<result<>> run_clone(parts& p, service_id from, service_id into, std::string user, job_context& job);

/// After a restart (control/job_kinds.hpp).
task<result<job_runner::work>> resume_clone(parts& p, job cut);
/// What is left of a job that does not go on.
task<> clear_clone(parts& p, job cut, std::string reason);

/// The name of the service that a job of this kind makes; empty: it is of another kind.
std::string clone_made_by(const job& j);

}  // namespace gasper::control
