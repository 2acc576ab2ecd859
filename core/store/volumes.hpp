// Volumes and the releases that have them, in the store. Call inside database::transaction or ::read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/volume.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

volume_id add_volume(SQLite::Database& db, const std::string& name, user_id owner);
/// With the app whose current release has it, if any.
std::optional<volume> find_volume(SQLite::Database& db, const std::string& name);
std::vector<volume> all_volumes(SQLite::Database& db);
void remove_volume(SQLite::Database& db, volume_id id);
/// A release that serves, or that is being started, has it.
bool volume_in_use(SQLite::Database& db, volume_id id);

/// Volumes that are gone by now are left out.
std::vector<volume_mount> mounts_of(SQLite::Database& db, release_id id);
std::vector<volume_mount> mounts_of(SQLite::Database& db, const std::string& app, int version);
/// Those whose volume was destroyed since.
std::vector<volume_mount> lost_mounts_of(SQLite::Database& db, release_id id);
/// Whether a release of the app may have them now: each is there, and no other app's release that serves or is being
/// started has it.
result<> check_mounts(SQLite::Database& db, app_id owner, const std::vector<volume_mount>& mounts);
/// Written with the release, in the same transaction; checked before.
void set_mounts(SQLite::Database& db, release_id id, const std::vector<volume_mount>& mounts);

}  // namespace gasper::store
