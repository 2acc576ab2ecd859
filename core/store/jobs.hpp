// Jobs in the store. Call inside database::transaction or ::read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/job.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

job_id add_job(SQLite::Database& db, const job& j);
/// Ends the step before as succeeded and begins this one.
void set_job_step(SQLite::Database& db, job_id id, const std::string& step);
/// With the job's end its last step ends alike.
void set_job_state(SQLite::Database& db, job_id id, job_state state, const std::string& reason);
/// Of one that goes on.
void set_job_reason(SQLite::Database& db, job_id id, const std::string& reason);
/// After a restart: its open step failed, a step "resume" is begun. How often that was so.
int resume_job(SQLite::Database& db, job_id id);
std::optional<job> find_job(SQLite::Database& db, job_id id);
/// Waiting or running, oldest first.
std::vector<job> unfinished_jobs(SQLite::Database& db);
std::vector<job_step> steps_of(SQLite::Database& db, job_id id);
/// What a job began, oldest first.
std::vector<job> children_of(SQLite::Database& db, job_id parent);
/// Newest first: an app's, or everybody's when `app` is empty.
std::vector<job> jobs_of(SQLite::Database& db, const std::string& app, int most);

/// Rows that have ended and are old (before `before`) or many (beyond the newest `most` of their app) may go, unless
/// something refers to them.
struct retention {
    sys_time before{};
    int most{0};
};
/// Removes builds that no release has, then jobs that no build and no other job refers to: at most `batch` of each.
/// The jobs.
std::vector<job_id> collect_jobs(SQLite::Database& db, const retention& keep, int batch);
/// Every job of an app whose row is gone.
std::vector<job_id> remove_jobs_of(SQLite::Database& db, const std::string& app);

}  // namespace gasper::store
