// Jobs of an app about its way into a service. The attachment changes in the transaction that makes the release
// current, so that no restart finds one without the other. For control's own sources.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "control/parts.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

/// A release with the variable of an attachment that is in the store, not active yet; on refusal it is gone again.
task<result<job_id>> start_attach(parts& p, attachment made, std::string user);
/// A release without it; then its user goes.
task<result<job_id>> start_detach(parts& p, attachment a, std::string user);
/// Another user for the same attachment, and a release with its URL. Both are valid until no instance has the old one.
task<result<job_id>> start_rotate(parts& p, attachment a, std::string user);

/// After a restart (control/job_kinds.hpp).
task<result<job_runner::work>> resume_attach(parts& p, job cut);
task<result<job_runner::work>> resume_detach(parts& p, job cut);
task<result<job_runner::work>> resume_rotate(parts& p, job cut);
/// The attachment of an attach that does not go on. Its user goes with the lost ones (close_lost_ways).
task<> clear_attach(parts& p, job cut, std::string reason);

/// After a restart: attachments whose release came are active; the others go, but for those whose job goes on.
task<> settle_attachments(parts& p, const std::vector<job>& going_on);

}  // namespace gasper::control
