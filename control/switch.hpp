// From one release to the next without a failed request: new instances beside the old, all healthy before the commit,
// tables before the drain. Deploy, config change, limits, rollback and restart all end here.
#pragma once

#include <functional>

#include "control/parts.hpp"
#include "core/model/cron.hpp"
#include "core/model/volume.hpp"

namespace gasper::control {

/// What goes with a release: runs in the transaction that makes it current.
using release_effect = std::function<void(SQLite::Database&, const release&)>;

/// The step that begins in the transaction that makes a job's effect visible, of every job that changes what runs.
inline const std::string committed_step = "publish";

struct change {
    gasper::app app;  // `stopped`: as it shall be
    release next;     // without id and version; written here
    std::string language;
    formation wanted;
    std::optional<std::vector<volume_mount>> mounts{};  // none: as the release that serves has them
    std::optional<std::vector<cron_line>> cron{};       // likewise
    release_effect effect{};                            // none: nothing goes with it
};

/// Writes the release, starts its formation, waits until it is ready, makes it current, publishes, drains the old one
/// in the background. Exclusive process types are stopped before theirs start, after all others are ready; the pause
/// is told. On refusal or cancellation nothing changed but a release marked failed; its log lines were said.
task<result<release>> switch_to(parts& p, const change& c, job_context& job);

/// Brings the formation of the current release from what runs to `wanted`: starts what is new, then writes and
/// publishes it, then retires what is too much. `done` is the app's event. On refusal nothing changed.
task<result<>> scale_to(parts& p, app_id id, formation wanted, bool stopped, std::string done, job_context& job);

/// In the background: SIGTERM when the router has no more requests for it, WebSockets included, at the latest after
/// `drain`; then the process type's stop timeout; then SIGKILL. The caller publishes a table without them.
void retire(parts& p, std::vector<runtime::observed_instance> old, std::chrono::milliseconds drain);

/// Retires them, publishes a table without them and returns when they have ended. A cancellation leaves them retired.
/// Errors: deadline "instance_left".
task<result<>> stop_first(parts& p, std::vector<runtime::observed_instance> old);

/// Removes instances that were started in vain, at once; a table without them first.
task<> discard(parts& p, std::vector<runtime::observed_instance> started);

}  // namespace gasper::control
