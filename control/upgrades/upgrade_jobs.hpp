// Jobs that bring a service to another version, or back. For control's own sources; what people call is upgrades.hpp.
#pragma once

#include <string>

#include "control/parts.hpp"
#include "control/upgrades/choosing.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/upgrade.hpp"

namespace gasper::control {

/// `version`: as for choose_upgrade().
task<result<>> run_upgrade(parts& p, service_id id, std::string version, job_context& job);
/// The image is made anew, proved by an empty server, and the service's server is started from it.
task<result<>> run_renewal(parts& p, service s, job_context& job);
/// The data goes by dump and restore into a server of the other version, whose directory takes the place of the one
/// before; that is kept.
task<result<>> run_transfer(parts& p, service s, std::string version, job_context& job);
/// The same from the exchange on, that an earlier process did.
task<result<>> finish_transfer(parts& p, service_id id, upgrade u, job_context& job);
/// What is kept serves again, what served goes.
task<result<>> run_return(parts& p, service_id id, job_context& job);
task<result<>> finish_return(parts& p, service_id id, upgrade u, job_context& job);

/// After a restart, before any service is started: the version of each is that of its data.
task<> settle_upgrades(parts& p);

/// After a restart (control/job_kinds.hpp).
task<result<job_runner::work>> resume_upgrade(parts& p, job cut);
task<result<job_runner::work>> resume_return(parts& p, job cut);
/// What is left of a job that does not go on.
task<> clear_upgrade(parts& p, job cut, std::string reason);

/// What a server says of itself: "15.8".
task<result<std::string>> version_of_server(parts& p, std::string container);

}  // namespace gasper::control
