// What services take on the disk, against what their plans let them grow to. It is watched and told, and stops nobody:
// a database that may not write is worse than one that is too large. For control's own sources.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

/// A look at each, kept on the board. `service.disk_low` is written down from 90 % of the plan's disk on, once, and
/// `service.disk_recovered` below 85 %.
task<> look_at_service_disks(parts& p);
/// The same once a minute, until cancelled.
task<> watch_service_disks(parts& p);

}  // namespace gasper::control
