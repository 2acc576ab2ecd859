// Scale to zero: an app without requests is frozen, later stopped, and woken by the next request, which the router
// holds meanwhile. Only apps with ps:autosleep. A change (deploy, config, scale, restart) wakes the app first.
#pragma once

#include <chrono>
#include <optional>

#include "control/identity.hpp"
#include "control/parts.hpp"
#include "core/base/asio.hpp"

namespace gasper::control {

/// What is to be done with what the router reports of idle and of sleeping apps.
report_handlers sleep_reports(parts& p);

/// After a restart: the stages of the store hold, and containers are brought to them. After the engine was observed.
task<> recover_sleep(parts& p);

/// Stops what has been frozen for long enough, until cancelled.
task<> watch_sleepers(parts& p);

/// Before a change of what runs: the app is awake when it returns, its instances serve again.
task<> rouse(parts& p, app_id id, std::string app);

}  // namespace gasper::control
