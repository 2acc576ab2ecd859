// Waiting for work that is owned by the coroutine that waits.
#pragma once

#include "core/base/task_scope.hpp"

namespace gasper {

/// Waits until no task of `work` is left. When the caller is cancelled meanwhile, so are they, and the wait goes on
/// until they ended; then the cancellation passes through, and the caller can be cancelled no more.
task<> join_or_cancel(task_scope& work);

}  // namespace gasper
