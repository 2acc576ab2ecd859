// Crash-only: at start the store, the repositories, the engine and the tables are made to agree.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

/// In this order: what runs is read from the engine; jobs that a restart ends, end (control/job_kinds.hpp); what never
/// served is disowned; the table is published; leftovers are swept; the other jobs go on; then, in the background,
/// instances are started.
task<result<>> recover(parts& p);

}  // namespace gasper::control
