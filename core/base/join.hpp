// Waiting for work that is owned by the coroutine that waits.
#pragma once

#include "core/base/task_scope.hpp"

namespace gasper {

/// Waits until no task of `work` is left. When the caller is cancelled meanwhile, so are they, and the wait goes on
/// until they ended; then the cancellation passes through, and the caller can be cancelled no more.
task<> join_or_cancel(task_scope& work);

/// Both at the same time, to their ends. When one throws, the other is cancelled, and what was thrown first passes
/// through: Asio's `&&` gives the left one's, wrapped, when both threw.
task<> run_both(task<>&& left, task<>&& right);

}  // namespace gasper
