// Apps that were stopped in their sleep keep a sandbox each, as many as the settings say, those stopped last: their
// wake is then one start and not two. What should be kept follows from who sleeps, what is kept from the engine;
// nothing is written down.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

/// At start, after recover_sleep: what an earlier process kept for those that still sleep is kept on. The rest is
/// swept with all that nobody knows.
task<> adopt_sandboxes(parts& p);

/// Makes those that lack, one at a time, and drops those of apps that do not need theirs any more, until cancelled.
task<> keep_sandboxes(parts& p);

}  // namespace gasper::control
