// Figures of databases: asked of the servers themselves, which costs each a process, and so no oftener than somebody
// reads them. For control's own sources.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "control/parts.hpp"
#include "control/services/service_stats.hpp"

namespace gasper::control {

/// Servers are asked again when somebody reads and the last time is longer ago than this.
constexpr std::chrono::seconds figures_age{60};

/// In the background, for whom reads next; not while the last time is too short ago.
void ask_figures(parts& p);

/// None: the server is too busy, or not there any more.
task<std::optional<service_stats>> read_stats(parts& p, std::string container);

/// Of every database, by name. What the servers say of themselves is from the time before; they are asked for the next.
task<std::vector<service_now>> services_now(parts& p);

}  // namespace gasper::control
