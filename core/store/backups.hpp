// Backups, their schedules and where they go, in the store. Secrets stand there sealed. Call inside
// database::transaction or ::read.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/crypto.hpp"
#include "core/model/backup.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

backup_id add_backup(SQLite::Database& db, const backup& b);
std::optional<backup> find_backup(SQLite::Database& db, backup_id id);
/// Of a name, the newest first: of the service that has it now and of those that had it before.
std::vector<backup> backups_of(SQLite::Database& db, const std::string& service);
/// Of each service that is there, when the newest of its verified backups was taken.
std::map<service_id, sys_time> newest_verified(SQLite::Database& db);
/// State, verified, problem and sizes are written.
void update_backup(SQLite::Database& db, const backup& b);
void remove_backup(SQLite::Database& db, backup_id id);
/// What ran when a process ended: failed now, but for those that are `made_again`.
std::vector<backup> fail_interrupted_backups(SQLite::Database& db, const std::set<backup_id>& made_again);

/// Replaces the one that is there.
void set_backup_schedule(SQLite::Database& db, const backup_schedule& s);
/// Its times are written; false: it is gone meanwhile, or another took its place.
bool update_backup_schedule(SQLite::Database& db, const backup_schedule& s);
std::optional<backup_schedule> find_backup_schedule(SQLite::Database& db, service_id id);
std::vector<backup_schedule> all_backup_schedules(SQLite::Database& db);
bool remove_backup_schedule(SQLite::Database& db, service_id id);

void add_backup_store(SQLite::Database& db, const secret_box& box, const backup_store& s);
std::optional<backup_store> find_backup_store(SQLite::Database& db, const secret_box& box, const std::string& name);
/// By name, without their secrets.
std::vector<backup_store> all_backup_stores(SQLite::Database& db);
/// Backups, schedules, archives and what is of them in it.
int users_of_backup_store(SQLite::Database& db, const std::string& name);
void remove_backup_store(SQLite::Database& db, const std::string& name);

}  // namespace gasper::store
