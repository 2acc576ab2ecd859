#include "core/store/cron.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto entry_columns =
    "SELECT e.id, e.app, a.name, e.schedule, e.zone, e.command, e.overlap, e.from_file, e.seen FROM cron_entries e "
    "JOIN apps a ON a.id = e.app ";

cron_entry entry_from(SQLite::Statement& s) {
    return {.id = id_of<cron_id>(s.getColumn(0)),
            .app = id_of<app_id>(s.getColumn(1)),
            .app_name = s.getColumn(2),
            .line = {.schedule = s.getColumn(3),
                     .zone = s.getColumn(4),
                     .command = s.getColumn(5),
                     .overlap = cron_overlap_of(s.getColumn(6).getString()).value_or(cron_overlap::forbid)},
            .from_file = s.getColumn(7).getInt() != 0,
            .seen = time_of(s.getColumn(8))};
}

std::vector<cron_entry> entries_from(SQLite::Statement& s) {
    std::vector<cron_entry> found;
    while (s.executeStep())
        found.push_back(entry_from(s));
    return found;
}

}  // namespace

void set_cron_lines(SQLite::Database& db, release_id id, const std::vector<cron_line>& lines) {
    int position = 0;
    for (const auto& line : lines) {
        SQLite::Statement s(db, "INSERT INTO release_cron VALUES (?, ?, ?, ?, ?, ?)");
        s.bind(1, id.value);
        s.bind(2, position++);
        s.bind(3, line.schedule);
        s.bind(4, line.zone);
        s.bind(5, line.command);
        s.bind(6, std::string(to_string(line.overlap)));
        s.exec();
    }
}

std::vector<cron_line> cron_lines_of(SQLite::Database& db, release_id id) {
    SQLite::Statement s(
        db, "SELECT schedule, zone, command, overlap FROM release_cron WHERE release = ? ORDER BY position");
    s.bind(1, id.value);
    std::vector<cron_line> found;
    while (s.executeStep())
        found.push_back({.schedule = s.getColumn(0),
                         .zone = s.getColumn(1),
                         .command = s.getColumn(2),
                         .overlap = cron_overlap_of(s.getColumn(3).getString()).value_or(cron_overlap::forbid)});
    return found;
}

void follow_releases(SQLite::Database& db, sys_time now) {
    // Entries that rest or change how they overlap, in one go; then those that are new.
    db.exec(R"sql(
UPDATE cron_entries SET active = 0 WHERE from_file AND active AND NOT EXISTS (
    SELECT 1 FROM release_cron c JOIN apps a ON a.current = c.release WHERE a.id = cron_entries.app AND
    c.schedule = cron_entries.schedule AND c.zone = cron_entries.zone AND c.command = cron_entries.command))sql");
    SQLite::Statement back(db, R"sql(
INSERT INTO cron_entries (app, schedule, zone, command, overlap, from_file, active, seen)
    SELECT a.id, c.schedule, c.zone, c.command, c.overlap, 1, 1, ?1
    FROM release_cron c JOIN apps a ON a.current = c.release WHERE true
    ON CONFLICT (app, schedule, zone, command) WHERE from_file DO UPDATE SET
        overlap = excluded.overlap, seen = CASE WHEN active THEN seen ELSE excluded.seen END, active = 1
        WHERE NOT active OR overlap != excluded.overlap)sql");
    back.bind(1, column(now));
    back.exec();
}

std::vector<cron_entry> rewind_cron(SQLite::Database& db, sys_time now) {
    SQLite::Statement ahead(db, std::string(entry_columns) + "WHERE e.seen > ? + 1000");
    ahead.bind(1, column(now));
    auto found = entries_from(ahead);
    for (const auto& e : found) {
        SQLite::Statement missed(db, "DELETE FROM cron_runs WHERE entry = ? AND outcome = 'missed' AND scheduled > ?");
        missed.bind(1, e.id.value);
        missed.bind(2, column(now));
        missed.exec();
        SQLite::Statement seen(db, "UPDATE cron_entries SET seen = ? WHERE id = ?");
        seen.bind(1, column(now));
        seen.bind(2, e.id.value);
        seen.exec();
    }
    return found;
}

cron_id add_cron_entry(SQLite::Database& db, app_id owner, const cron_line& line, sys_time now) {
    SQLite::Statement s(db,
                        "INSERT INTO cron_entries (app, schedule, zone, command, overlap, from_file, active, seen) "
                        "VALUES (?, ?, ?, ?, ?, 0, 1, ?)");
    s.bind(1, owner.value);
    s.bind(2, line.schedule);
    s.bind(3, line.zone);
    s.bind(4, line.command);
    s.bind(5, std::string(to_string(line.overlap)));
    s.bind(6, column(now));
    s.exec();
    return {db.getLastInsertRowid()};
}

std::vector<cron_entry> active_cron_entries(SQLite::Database& db) {
    SQLite::Statement s(db, std::string(entry_columns) + "WHERE e.active AND a.current IS NOT NULL ORDER BY e.id");
    return entries_from(s);
}

std::vector<cron_entry> cron_entries_of(SQLite::Database& db, app_id owner) {
    SQLite::Statement s(db, std::string(entry_columns) + "WHERE e.active AND e.app = ? ORDER BY e.id");
    s.bind(1, owner.value);
    return entries_from(s);
}

std::optional<cron_entry> find_cron_entry(SQLite::Database& db, app_id owner, cron_id id) {
    SQLite::Statement s(db, std::string(entry_columns) + "WHERE e.app = ? AND e.id = ?");
    s.bind(1, owner.value);
    s.bind(2, id.value);
    if (!s.executeStep()) return std::nullopt;
    return entry_from(s);
}

void remove_cron_entry(SQLite::Database& db, cron_id id) {
    SQLite::Statement s(db, "DELETE FROM cron_entries WHERE id = ?");
    s.bind(1, id.value);
    s.exec();
}

bool claim_cron_run(SQLite::Database& db, cron_id id, sys_time scheduled, const std::string& outcome) {
    SQLite::Statement s(db, "INSERT OR IGNORE INTO cron_runs (entry, scheduled, outcome) VALUES (?, ?, ?)");
    s.bind(1, id.value);
    s.bind(2, column(scheduled));
    s.bind(3, outcome);
    if (s.exec() == 0) return false;
    SQLite::Statement old(
        db,
        "DELETE FROM cron_runs WHERE entry = ?1 AND outcome != 'running' AND scheduled < "
        "(SELECT scheduled FROM cron_runs WHERE entry = ?1 ORDER BY scheduled DESC LIMIT 1 OFFSET 199)");
    old.bind(1, id.value);
    old.exec();
    return true;
}

void set_cron_seen(SQLite::Database& db, cron_id id, sys_time until) {
    SQLite::Statement s(db, "UPDATE cron_entries SET seen = MAX(seen, ?) WHERE id = ?");
    s.bind(1, column(until));
    s.bind(2, id.value);
    s.exec();
}

void set_cron_job(SQLite::Database& db, cron_id id, sys_time scheduled, job_id job) {
    SQLite::Statement s(db, "UPDATE cron_runs SET job = ? WHERE entry = ? AND scheduled = ?");
    s.bind(1, job.value);
    s.bind(2, id.value);
    s.bind(3, column(scheduled));
    s.exec();
}

void set_cron_outcome(SQLite::Database& db, cron_id id, sys_time scheduled, const std::string& outcome) {
    SQLite::Statement s(db, "UPDATE cron_runs SET outcome = ? WHERE entry = ? AND scheduled = ?");
    s.bind(1, outcome);
    s.bind(2, id.value);
    s.bind(3, column(scheduled));
    s.exec();
}

std::vector<cron_run> cron_runs_of(SQLite::Database& db, cron_id id, int most) {
    SQLite::Statement s(
        db, "SELECT entry, scheduled, job, outcome FROM cron_runs WHERE entry = ? ORDER BY scheduled DESC LIMIT ?");
    s.bind(1, id.value);
    s.bind(2, most);
    std::vector<cron_run> found;
    while (s.executeStep())
        found.push_back({.entry = id_of<cron_id>(s.getColumn(0)),
                         .scheduled = time_of(s.getColumn(1)),
                         .job = id_of<job_id>(s.getColumn(2)),
                         .outcome = s.getColumn(3)});
    return found;
}

std::vector<std::pair<cron_entry, cron_run>> interrupt_cron_runs(SQLite::Database& db) {
    std::vector<std::pair<cron_entry, cron_run>> found;
    SQLite::Statement s(db,
                        "SELECT e.app, e.id, r.scheduled FROM cron_runs r JOIN cron_entries e ON e.id = r.entry "
                        "WHERE r.outcome = 'running' AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = r.job AND "
                        "j.state IN ('waiting', 'running'))");
    while (s.executeStep()) {
        const auto entry = find_cron_entry(db, id_of<app_id>(s.getColumn(0)), id_of<cron_id>(s.getColumn(1)));
        if (entry) found.emplace_back(*entry, cron_run{.entry = entry->id, .scheduled = time_of(s.getColumn(2))});
    }
    db.exec(
        "UPDATE cron_runs SET outcome = 'interrupted' WHERE outcome = 'running' AND NOT EXISTS (SELECT 1 FROM jobs j "
        "WHERE j.id = cron_runs.job AND j.state IN ('waiting', 'running'))");
    return found;
}

}  // namespace gasper::store
