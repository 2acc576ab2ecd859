// A dump of one server straight into another, none of it kept anywhere. For control/upgrades.
#pragma once

#include <string>

#include "control/backups/beside.hpp"
#include "control/parts.hpp"

namespace gasper::control {

/// The dump of what runs in `from`, restored into the server beside. Refuses with the reason of the side that failed
/// first.
task<result<>> pour(parts& p, std::string from, const server_beside& into, deadline until);

}  // namespace gasper::control
