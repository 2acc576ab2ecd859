// The environment that an app's language gives to its processes. Whoever starts an instance merges it below the
// config vars, which win. Values; any thread.
#pragma once

#include <string_view>

#include "core/model/model.hpp"

namespace gasper::buildpacks {

/// PATH and friends of the language; MEMORY_AVAILABLE (MiB) and WEB_CONCURRENCY (worker processes) from the limits,
/// since the usual start scripts look for them in places that a container of another cgroup version does not have.
/// An unknown language gets the last two only.
config_vars launch_env(std::string_view language, const limits& limit);

}  // namespace gasper::buildpacks
