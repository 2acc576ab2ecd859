// What is collected while the control plane runs: ended jobs, their logs, builds that no release has, containers and
// networks that nobody knows, throw-away servers that nobody works with, stack images of older recipes.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

/// Removes what is old or too many by the settings, in small transactions. How many jobs went.
task<std::size_t> collect_ended_jobs(parts& p);

/// Removes what is left of builds, on the engine, and of stack images. What a job or a start is working on stays.
task<> collect_strays(parts& p);

/// Both at once and then every hour, until cancelled.
task<> keep_house(parts& p);

}  // namespace gasper::control
