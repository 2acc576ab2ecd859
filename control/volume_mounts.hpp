// The volumes of a release as its containers see them. For control's own sources.
#pragma once

#include <string>
#include <vector>

#include "control/parts.hpp"
#include "core/model/volume.hpp"

namespace gasper::control {

std::filesystem::path volume_directory(const parts& p, const std::string& volume);

/// For instances and one-offs of a release, by its number.
task<std::vector<runtime::host_mount>> mounts_for(parts& p, std::string app, int version);

/// Whether both releases have the same volume: it has one writer at a time, so the old instances must stop before the
/// new ones start.
task<bool> shares_volume(parts& p, release_id serving, release_id next);

/// At start: volumes whose destruction had begun are gone.
task<> finish_destroyed_volumes(parts& p);

}  // namespace gasper::control
