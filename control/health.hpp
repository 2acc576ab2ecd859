// Liveness: an instance that serves is looked at as before it served. One that fails its check a few times in a row is
// taken off the route at once, stopped, and replaced.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

/// Watches an instance, in the background, until it ends or is found unhealthy. A type whose only sign of life is that
/// it runs needs no watch: the engine tells of its end.
void watch_health(parts& p, const std::string& container, const health_check& how);

}  // namespace gasper::control
