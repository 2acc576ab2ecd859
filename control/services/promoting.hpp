// An attachment takes its kind's own variable (DATABASE_URL), and the one that had it gets a name of its own, in one
// release. For control's own sources.
#pragma once

#include <string>

#include "control/parts.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

task<result<>> run_promote(parts& p, attachment_id id, std::string user, job_context& job);
task<result<job_runner::work>> resume_promote(parts& p, job cut);

}  // namespace gasper::control
