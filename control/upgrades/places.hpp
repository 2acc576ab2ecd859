// The two directories of an upgraded service: the one it serves and the one that is kept. They change places in one
// step; a row of the store says before what shall be, and the directories' own numbers whether it is, so that a restart
// knows which version's data stands where. For control/upgrades.
#pragma once

#include <string>

#include "control/parts.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/upgrade.hpp"

namespace gasper::control {

/// Is this how upgrades name a directory?
bool is_kept(std::string_view directory);

/// The version that serves while `u` arrives or returns. `turned`: the directories have changed places.
const std::string& serving_version(const upgrade& u, bool turned) noexcept;
/// Whether they have.
task<bool> is_turned(parts& p, const service& s, const upgrade& u);

/// Of a held service, with `u` in the store: its server ends, the directories change places, the version is written,
/// the server starts. On refusal what served before serves again; see settle_upgrade().
task<result<>> turn(parts& p, service s, upgrade u, job_context& job);
/// Of one that an earlier process turned: waits until those who watch it have started it; else it is turned back.
task<result<>> go_on_turned(parts& p, service s, upgrade u, job_context& job);

/// Store and directories agree on what is there. `over`: no job goes on with it.
task<> settle_upgrade(parts& p, service s, upgrade u, bool over);
/// What is kept goes, and with it the upgrade's row.
task<> remove_kept(parts& p, service s, upgrade u);

}  // namespace gasper::control
