// The disks of the machines, watched: who is nearly full takes no builds, and an instance that wrote more than it may
// is ended. On the control executor.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

/// Looks every few seconds until cancelled, and writes down when a disk becomes low (`disk.low`) and when it has room
/// again (`disk.recovered`): once each, over restarts too.
task<> watch_disks(parts& p);

/// A look now. Refuses with "disk_full" when a build would have no room.
task<result<>> check_room(parts& p);

/// Every two seconds, until cancelled: an instance that is over its disk limit is ended, as one that uses too much
/// memory is, and started anew with an empty layer. A one-off process or a release command is ended and fails.
task<> watch_written(parts& p);

}  // namespace gasper::control
