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
void set_job_step(SQLite::Database& db, job_id id, const std::string& step);
void set_job_state(SQLite::Database& db, job_id id, job_state state, const std::string& reason);
std::optional<job> find_job(SQLite::Database& db, job_id id);
/// Waiting or running, oldest first.
std::vector<job> unfinished_jobs(SQLite::Database& db);

}  // namespace gasper::store
