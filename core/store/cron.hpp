// Cron entries and their runs in the store. Call inside database::transaction or ::read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/cron.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

/// What app.json says at a release; written with it, in the same transaction.
void set_cron_lines(SQLite::Database& db, release_id id, const std::vector<cron_line>& lines);
std::vector<cron_line> cron_lines_of(SQLite::Database& db, release_id id);

/// Makes every app's entries of app.json those of the release that serves: new ones count from `now`, those that are
/// gone rest with their history.
void follow_releases(SQLite::Database& db, sys_time now);
/// The clock went back, by more than a second, behind what entries have dealt with: from `now` on they go on. What ran
/// keeps its claim and is not run again; what was missed, by a clock that was wrong, is not missed any more. They, as
/// they were.
std::vector<cron_entry> rewind_cron(SQLite::Database& db, sys_time now);
cron_id add_cron_entry(SQLite::Database& db, app_id owner, const cron_line& line, sys_time now);
/// Of apps with a release, in the order of their ids.
std::vector<cron_entry> active_cron_entries(SQLite::Database& db);
std::vector<cron_entry> cron_entries_of(SQLite::Database& db, app_id owner);
std::optional<cron_entry> find_cron_entry(SQLite::Database& db, app_id owner, cron_id id);
void remove_cron_entry(SQLite::Database& db, cron_id id);

/// True once per entry and time: whoever gets it runs it. `outcome` is what the run begins as. At most 200 runs are
/// kept per entry.
bool claim_cron_run(SQLite::Database& db, cron_id id, sys_time scheduled, const std::string& outcome);
void set_cron_seen(SQLite::Database& db, cron_id id, sys_time until);
void set_cron_job(SQLite::Database& db, cron_id id, sys_time scheduled, job_id job);
void set_cron_outcome(SQLite::Database& db, cron_id id, sys_time scheduled, const std::string& outcome);
/// Newest first.
std::vector<cron_run> cron_runs_of(SQLite::Database& db, cron_id id, int most);
/// After a restart: runs whose job does not go on are interrupted. They, with their app.
std::vector<std::pair<cron_entry, cron_run>> interrupt_cron_runs(SQLite::Database& db);

}  // namespace gasper::store
