// Apps, builds, releases and events in the store. Call inside database::transaction or ::read. Config vars go in
// and out sealed: the box is handed in.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/crypto.hpp"
#include "core/model/model.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

std::optional<app> find_app(SQLite::Database& db, const std::string& name);
std::optional<app> find_app(SQLite::Database& db, app_id id);
std::vector<app> all_apps(SQLite::Database& db);
app_id add_app(SQLite::Database& db, const std::string& name, user_id owner);
void remove_app(SQLite::Database& db, app_id id);
void set_formation(SQLite::Database& db, app_id id, const formation& wanted);
void set_stopped(SQLite::Database& db, app_id id, bool stopped);

build_id add_build(SQLite::Database& db, const build& b);
/// Writes state, reason, buildpack, result, processes and the time it finished.
void finish_build(SQLite::Database& db, const build& b);
std::optional<build> find_build(SQLite::Database& db, app_id owner, build_id id);
/// The newest that a job made and that succeeded.
std::optional<build> build_of_job(SQLite::Database& db, job_id job);
/// Newest first.
std::vector<build> builds_of(SQLite::Database& db, app_id owner, int most);

/// Gives the release its id and the app's next version.
release add_release(SQLite::Database& db, const secret_box& box, release r);
std::optional<release> find_release(SQLite::Database& db, const secret_box& box, release_id id);
std::optional<release> find_release(SQLite::Database& db, const secret_box& box, app_id owner, int version);
/// The newest one before `r` that ran and is not the same in all that runs: a restart is a release too.
std::optional<release> release_before(SQLite::Database& db, const secret_box& box, const release& r);
/// Newest first.
std::vector<release> releases_of(SQLite::Database& db, const secret_box& box, app_id owner, int most);
void fail_release(SQLite::Database& db, release_id id, const std::string& reason);
/// After a crash: pending releases and running builds failed for `reason`.
void fail_pending(SQLite::Database& db, const std::string& reason);
/// Every directory that a build made which may still be run: of releases, and of deploys that go on.
std::set<std::string> build_directories(SQLite::Database& db);
/// The code of all releases that succeeded, each once.
std::vector<artifact> released_code(SQLite::Database& db);
/// The commit point of a deploy: the release succeeded and is what the app serves.
void make_current(SQLite::Database& db, const release& r, const std::string& language, const formation& wanted);

/// What a list of apps says of a release; version 0 for none.
struct release_summary {
    int version{0};
    sys_time created{};
};
release_summary summary_of(SQLite::Database& db, release_id id);
/// Every app's name and the version that serves, 0 for none.
std::vector<std::pair<std::string, int>> served_versions(SQLite::Database& db);

struct event {
    std::int64_t id{0};
    sys_time at{};
    std::string text;
};
void add_event(SQLite::Database& db, app_id owner, const std::string& text);
/// Oldest first, those after event id `after`; the newest `most` of them. At most 1,000 are kept per app.
std::vector<event> events_of(SQLite::Database& db, app_id owner, std::int64_t after, int most);

}  // namespace gasper::store
