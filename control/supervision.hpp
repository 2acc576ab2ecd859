// Instances stay up: what ended is started again with back-off, and what the engine has is made to agree with what is
// wanted, after every event and every fifteen seconds. control/recovery does the same once, at start.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

/// What to wait before an instance is started again that ended so often in a row: 0, then 1 s doubling to 5 min, a
/// fifth more or less by chance (`chance` in 0 … 1), so that many that fell together do not rise together; never less
/// than 1 s, nor more than 5 min.
std::chrono::milliseconds back_off(int ends_in_a_row, double chance);

/// After so many ends in a row an instance is shown as crashed; it is tried again all the same.
constexpr int crashed_after = 10;

/// An instance of that release ended so often in a row, and has not served for a calm time since.
bool has_crashed(const parts::restart_state& r, int release);

/// An instance that served does not any more: off the route, noted, stopped if it still runs, replaced.
task<> instance_failed(parts& p, runtime::observed_instance instance, std::string how);

/// Starts what the plan lacks, each in the background with its back-off, and retires what it does not want.
task<result<>> reconcile(parts& p, app_id id, std::chrono::milliseconds drain);

/// Compares with the engine: instances that ended unseen, strays that nobody wants, then every app with its plan.
task<result<>> look_around(parts& p);

/// Watches the engine until cancelled.
task<> supervise(parts& p);

}  // namespace gasper::control
