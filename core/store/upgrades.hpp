// Upgrades of services in the store: at most one of each, until what is kept of it is confirmed or brought back. Call
// inside database::transaction or ::read.
#pragma once

#include <optional>
#include <vector>

#include "core/model/upgrade.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

/// Replaces the one that is there.
void set_upgrade(SQLite::Database& db, const upgrade& u);
std::optional<upgrade> find_upgrade(SQLite::Database& db, service_id id);
std::vector<upgrade> all_upgrades(SQLite::Database& db);
/// No error when there is none.
void remove_upgrade(SQLite::Database& db, service_id id);

}  // namespace gasper::store
