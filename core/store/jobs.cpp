#include "core/store/jobs.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto job_columns =
    "SELECT id, kind, key, input, step, state, reason, user, created, finished, parent FROM jobs ";

job_state job_state_of(const std::string& text) {
    for (auto s : {job_state::waiting, job_state::running, job_state::succeeded, job_state::aborted})
        if (to_string(s) == text) return s;
    return job_state::failed;
}

job job_from(SQLite::Statement& s) {
    return {.id = id_of<job_id>(s.getColumn(0)),
            .parent = id_of<job_id>(s.getColumn(10)),
            .kind = s.getColumn(1),
            .key = s.getColumn(2),
            .input = s.getColumn(3),
            .step = s.getColumn(4),
            .state = job_state_of(s.getColumn(5)),
            .reason = s.getColumn(6),
            .user = s.getColumn(7),
            .created = time_of(s.getColumn(8)),
            .finished = time_of(s.getColumn(9))};
}

// The open step's end.
void end_step(SQLite::Database& db, job_id id, job_state state) {
    SQLite::Statement s(db, "UPDATE job_steps SET state = ?, ended = ? WHERE job = ? AND ended = 0");
    s.bind(1, std::string(to_string(state)));
    s.bind(2, column(now()));
    s.bind(3, id.value);
    s.exec();
}

std::vector<job> all_of(SQLite::Statement& s) {
    std::vector<job> found;
    while (s.executeStep())
        found.push_back(job_from(s));
    return found;
}

std::vector<job_id> ids_of(SQLite::Statement& s) {
    std::vector<job_id> found;
    while (s.executeStep())
        found.push_back(id_of<job_id>(s.getColumn(0)));
    return found;
}

}  // namespace

job_id add_job(SQLite::Database& db, const job& j) {
    SQLite::Statement s(
        db, "INSERT INTO jobs (kind, key, input, state, user, created, parent) VALUES (?, ?, ?, ?, ?, ?, ?)");
    s.bind(1, j.kind);
    s.bind(2, j.key);
    s.bind(3, j.input);
    s.bind(4, std::string(to_string(j.state)));
    s.bind(5, j.user);
    s.bind(6, column(now()));
    bind_id(s, 7, j.parent);
    s.exec();
    return {db.getLastInsertRowid()};
}

void set_job_step(SQLite::Database& db, job_id id, const std::string& step) {
    SQLite::Statement s(db, "UPDATE jobs SET step = ?, state = 'running' WHERE id = ?");
    s.bind(1, step);
    s.bind(2, id.value);
    s.exec();
    end_step(db, id, job_state::succeeded);
    SQLite::Statement begun(db,
                            "INSERT INTO job_steps (job, number, name, state, begun) SELECT ?1, COUNT(*) + 1, ?2, "
                            "'running', ?3 FROM job_steps WHERE job = ?1");
    begun.bind(1, id.value);
    begun.bind(2, step);
    begun.bind(3, column(now()));
    begun.exec();
}

void set_job_state(SQLite::Database& db, job_id id, job_state state, const std::string& reason) {
    const bool over = state != job_state::waiting && state != job_state::running;
    SQLite::Statement s(db, "UPDATE jobs SET state = ?, reason = ?, finished = ? WHERE id = ?");
    s.bind(1, std::string(to_string(state)));
    s.bind(2, reason);
    s.bind(3, over ? column(now()) : std::int64_t{0});
    s.bind(4, id.value);
    s.exec();
    if (over) end_step(db, id, state);
}

void set_job_reason(SQLite::Database& db, job_id id, const std::string& reason) {
    SQLite::Statement s(db, "UPDATE jobs SET reason = ? WHERE id = ? AND state IN ('waiting', 'running')");
    s.bind(1, reason);
    s.bind(2, id.value);
    s.exec();
}

int resume_job(SQLite::Database& db, job_id id) {
    end_step(db, id, job_state::failed);
    set_job_step(db, id, "resume");
    SQLite::Statement s(db, "SELECT COUNT(*) FROM job_steps WHERE job = ? AND name = 'resume'");
    s.bind(1, id.value);
    s.executeStep();
    return s.getColumn(0);
}

std::optional<job> find_job(SQLite::Database& db, job_id id) {
    SQLite::Statement s(db, std::string(job_columns) + "WHERE id = ?");
    s.bind(1, id.value);
    if (!s.executeStep()) return std::nullopt;
    return job_from(s);
}

std::vector<job> unfinished_jobs(SQLite::Database& db) {
    SQLite::Statement s(db, std::string(job_columns) + "WHERE state IN ('waiting', 'running') ORDER BY id");
    return all_of(s);
}

std::vector<job_step> steps_of(SQLite::Database& db, job_id id) {
    SQLite::Statement s(db, "SELECT number, name, state, begun, ended FROM job_steps WHERE job = ? ORDER BY number");
    s.bind(1, id.value);
    std::vector<job_step> found;
    while (s.executeStep())
        found.push_back({.number = s.getColumn(0),
                         .name = s.getColumn(1),
                         .state = job_state_of(s.getColumn(2)),
                         .begun = time_of(s.getColumn(3)),
                         .ended = time_of(s.getColumn(4))});
    return found;
}

std::vector<job> children_of(SQLite::Database& db, job_id parent) {
    SQLite::Statement s(db, std::string(job_columns) + "WHERE parent = ? ORDER BY id");
    s.bind(1, parent.value);
    return all_of(s);
}

// Keys of an app: its name, or its name and '/'; '0' is the character behind '/'.
std::vector<job> jobs_of(SQLite::Database& db, const std::string& app, int most) {
    SQLite::Statement s(db, std::string(job_columns) +
                                "WHERE ?1 = '' OR key = ?1 OR (key > ?1 || '/' AND key < ?1 || '0') "
                                "ORDER BY id DESC LIMIT ?2");
    s.bind(1, app);
    s.bind(2, most);
    return all_of(s);
}

namespace {

constexpr const char* old_builds = R"sql(
DELETE FROM builds WHERE id IN (
    SELECT id FROM (SELECT id, finished, row_number() OVER (PARTITION BY app ORDER BY id DESC) AS nth
                    FROM builds WHERE state != 'running') AS ended
    WHERE (finished < ?1 OR nth > ?2) AND NOT EXISTS (SELECT 1 FROM releases r WHERE r.build = ended.id)
    ORDER BY id LIMIT ?3))sql";

constexpr const char* old_jobs = R"sql(
DELETE FROM jobs WHERE id IN (
    SELECT id FROM (SELECT id, finished,
                           row_number() OVER (PARTITION BY substr(key, 1, instr(key || '/', '/') - 1) ORDER BY id DESC) AS nth
                    FROM jobs WHERE state NOT IN ('waiting', 'running')) AS ended
    WHERE (finished < ?1 OR nth > ?2) AND NOT EXISTS (SELECT 1 FROM builds b WHERE b.job = ended.id)
      AND NOT EXISTS (SELECT 1 FROM jobs c WHERE c.parent = ended.id)
    ORDER BY id LIMIT ?3) RETURNING id)sql";

}  // namespace

std::vector<job_id> collect_jobs(SQLite::Database& db, const retention& keep, int batch) {
    SQLite::Statement builds(db, old_builds);
    builds.bind(1, column(keep.before));
    builds.bind(2, keep.most);
    builds.bind(3, batch);
    builds.exec();
    SQLite::Statement jobs(db, old_jobs);
    jobs.bind(1, column(keep.before));
    jobs.bind(2, keep.most);
    jobs.bind(3, batch);
    return ids_of(jobs);
}

std::vector<job_id> remove_jobs_of(SQLite::Database& db, const std::string& app) {
    SQLite::Statement s(db, "DELETE FROM jobs WHERE key = ?1 OR (key > ?1 || '/' AND key < ?1 || '0') RETURNING id");
    s.bind(1, app);
    return ids_of(s);
}

}  // namespace gasper::store
