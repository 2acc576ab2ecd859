// An app's way into a service: its user, its networks, its variable. For control's own sources.
#pragma once

#include <string>

#include "control/parts.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

/// "u_" and 12 hex digits, and a password of 32.
void give_credentials(attachment& a);
std::string url_of(const service& s, const attachment& a);

/// The user exists, the app's network reaches the service, and one can log in from there.
task<result<>> open_way(parts& p, service s, attachment a, deadline until);
/// The user is gone, and the network when no other attachment needs it. A server that does not run is asked when it
/// does.
task<> close_way(parts& p, service s, attachment a);
/// The same when no instance of a release before `version` is left.
task<> close_when_drained(parts& p, service s, attachment a, int version);

/// A release with the variable of an attachment that is in the store, or without; on refusal it is gone again.
task<result<>> run_attach(parts& p, attachment_id id, std::string user, job_context& job);
task<result<>> run_detach(parts& p, attachment_id id, std::string user, job_context& job);

/// Another user for the same attachment, and a release with its URL.
task<result<>> run_rotate(parts& p, attachment_id id, std::string user, job_context& job);

/// Users that no attachment has are taken away: what an interrupted job left. Not those whose attachment is being made.
task<> remove_lost_users(parts& p, service s);
/// After a restart: attachments whose release came are active, the others go.
task<> settle_attachments(parts& p);

/// Config vars of an older release: what its attachments gave it goes, what today's give comes.
task<> renew_variables(parts& p, app_id id, release_id from, config_vars& vars);

}  // namespace gasper::control
