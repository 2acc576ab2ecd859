// From one release to the next without a failed request: new instances beside the old, healthy before the commit,
// tables before the drain. Deploy, config change, rollback and restart all end here.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

struct change {
    gasper::app app;
    release next;  // without id and version; written here
    std::string language;
    formation wanted;
};

/// Writes the release, starts its formation, waits until it is ready, makes it current, publishes, drains the old one
/// in the background. On refusal nothing changed but a release marked failed; its log lines were said.
task<result<release>> switch_to(parts& p, const change& c, job_context& job);

/// Starts what the plan lacks and stops what it does not want: after a crash of an instance or of this program.
/// What it stops gets `drain` for the requests it has.
task<result<>> reconcile(parts& p, app_id id, std::chrono::milliseconds drain);

/// SIGTERM when the router has no more requests for it, WebSockets included, at the latest after `drain`; in the
/// background.
void retire(parts& p, std::vector<runtime::observed_instance> old, std::chrono::milliseconds drain);

/// Removes instances that never served, at once.
task<> discard(parts& p, std::vector<runtime::observed_instance> started);

}  // namespace gasper::control
