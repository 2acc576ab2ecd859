#include "core/store/jobs.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto job_columns = "SELECT id, kind, key, input, step, state, reason, user, created, finished FROM jobs ";

job_state job_state_of(const std::string& text) {
    for (auto s : {job_state::waiting, job_state::running, job_state::succeeded, job_state::aborted})
        if (to_string(s) == text) return s;
    return job_state::failed;
}

job job_from(SQLite::Statement& s) {
    return {.id = id_of<job_id>(s.getColumn(0)),
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

}  // namespace

job_id add_job(SQLite::Database& db, const job& j) {
    SQLite::Statement s(db, "INSERT INTO jobs (kind, key, input, state, user, created) VALUES (?, ?, ?, ?, ?, ?)");
    s.bind(1, j.kind);
    s.bind(2, j.key);
    s.bind(3, j.input);
    s.bind(4, std::string(to_string(j.state)));
    s.bind(5, j.user);
    s.bind(6, column(now()));
    s.exec();
    return {db.getLastInsertRowid()};
}

void set_job_step(SQLite::Database& db, job_id id, const std::string& step) {
    SQLite::Statement s(db, "UPDATE jobs SET step = ?, state = 'running' WHERE id = ?");
    s.bind(1, step);
    s.bind(2, id.value);
    s.exec();
}

void set_job_state(SQLite::Database& db, job_id id, job_state state, const std::string& reason) {
    const bool over = state != job_state::waiting && state != job_state::running;
    SQLite::Statement s(db, "UPDATE jobs SET state = ?, reason = ?, finished = ? WHERE id = ?");
    s.bind(1, std::string(to_string(state)));
    s.bind(2, reason);
    s.bind(3, over ? column(now()) : std::int64_t{0});
    s.bind(4, id.value);
    s.exec();
}

std::optional<job> find_job(SQLite::Database& db, job_id id) {
    SQLite::Statement s(db, std::string(job_columns) + "WHERE id = ?");
    s.bind(1, id.value);
    if (!s.executeStep()) return std::nullopt;
    return job_from(s);
}

std::vector<job> unfinished_jobs(SQLite::Database& db) {
    SQLite::Statement s(db, std::string(job_columns) + "WHERE state IN ('waiting', 'running') ORDER BY id");
    std::vector<job> found;
    while (s.executeStep())
        found.push_back(job_from(s));
    return found;
}

}  // namespace gasper::store
