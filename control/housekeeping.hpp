// What is collected while the control plane runs: ended jobs, their logs, builds that no release has.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

/// Removes what is old or too many by the settings, in small transactions. How many jobs went.
task<std::size_t> collect_ended_jobs(parts& p);

/// The same at once and then every hour, until cancelled.
task<> keep_house(parts& p);

}  // namespace gasper::control
