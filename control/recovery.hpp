// Crash-only: at start the store, the repositories, the engine and the tables are made to agree.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

/// In this order: what runs is read from the engine; interrupted jobs end (a deploy whose release became current is
/// finished: its ref moves; any other failed); the table is published; leftovers are swept; then, in the background,
/// instances are started or retired.
task<result<>> recover(parts& p);

}  // namespace gasper::control
