// Takes the instances off a machine: each starts elsewhere, takes over, and the one before it drains and stops. A job
// for the machine, with a job for every app on it, so that no other change of that app runs meanwhile.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

/// Whether every instance of that node has a place elsewhere. Refuses with `no_capacity`, what has none, and why.
task<result<>> check_room_elsewhere(parts& p, std::string node);

/// The node takes nothing new from here on, also after a restart; returns when nothing of Gasper's runs there any more.
/// With `force`, what has no place elsewhere is stopped.
task<result<>> run_drain(parts& p, std::string node, bool force, std::string user, job_context& job);

}  // namespace gasper::control
