// Services are brought back when they end, and are as the store wants them after a restart of engine, machine or this
// program. For control's own sources.
#pragma once

#include <string>

#include "control/parts.hpp"

namespace gasper::control {

/// At start: what runs is taken on, what is not in the store goes, what should run and does not is started.
task<result<>> recover_services(parts& p);
/// Looks at every service: after an engine's return, and now and then.
task<> look_at_services(parts& p);
/// The engine says that this container ended or started.
void service_changed(parts& p, const std::string& container);

}  // namespace gasper::control
