// Jobs that make a release without a build: config change, limits and checks, rollback, restart; and the end of an app.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "control/parts.hpp"
#include "core/model/volume.hpp"

namespace gasper::control {

void apply_changes(config_vars& vars, const std::map<std::string, std::optional<std::string>>& changes);

/// A release of the code and the settings of now with these changes, inside a job.
task<result<release>> release_config(parts& p, app_id id, std::string user,
                                     std::map<std::string, std::optional<std::string>> changes, std::string description,
                                     job_context& job);

task<result<job_id>> start_config_job(parts& p, app a, std::string user,
                                      std::map<std::string, std::optional<std::string>> changes);

/// The release to go back to: `version`, or with 0 the newest good one before the current. It must have code that is
/// still there.
task<result<release>> find_rollback(parts& p, app a, int version);
task<result<job_id>> start_rollback_job(parts& p, app a, std::string user, release target);

task<result<job_id>> start_restart_job(parts& p, app a, std::string user);

/// `said` over what was said before about the process type, or with `forget` in its place.
task<result<job_id>> start_settings_job(parts& p, app a, std::string user, std::string process, process_settings said,
                                        bool forget);
/// A release with the volume at its path, or without it.
task<result<job_id>> start_mount_job(parts& p, app a, std::string user, volume_mount what, bool mounted);

/// Rows, routes, containers, network, repository, builds, in this order.
task<result<>> destroy_app(parts& p, app a);

}  // namespace gasper::control
