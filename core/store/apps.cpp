#include "core/store/apps.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto app_columns = "SELECT id, name, owner, current, language, created, stopped FROM apps ";
constexpr auto build_columns =
    "SELECT id, app, job, commit_id, buildpack, state, reason, directory, image, processes, created, finished "
    "FROM builds ";

app app_from(SQLite::Database& db, SQLite::Statement& s) {
    app a{.id = id_of<app_id>(s.getColumn(0)),
          .name = s.getColumn(1),
          .owner = id_of<user_id>(s.getColumn(2)),
          .current = id_of<release_id>(s.getColumn(3)),
          .language = s.getColumn(4),
          .stopped = s.getColumn(6).getInt() != 0,
          .created = time_of(s.getColumn(5))};
    SQLite::Statement f(db, "SELECT process, quantity FROM formation WHERE app = ?");
    f.bind(1, a.id.value);
    while (f.executeStep())
        a.wanted[f.getColumn(0)] = f.getColumn(1).getInt();
    return a;
}

build_state build_state_of(const std::string& text) {
    if (text == "running") return build_state::running;
    return text == "succeeded" ? build_state::succeeded : build_state::failed;
}

build build_from(SQLite::Statement& s) {
    return {.id = id_of<build_id>(s.getColumn(0)),
            .app = id_of<app_id>(s.getColumn(1)),
            .job = id_of<job_id>(s.getColumn(2)),
            .commit = s.getColumn(3),
            .buildpack = s.getColumn(4),
            .state = build_state_of(s.getColumn(5)),
            .reason = s.getColumn(6),
            .result = {s.getColumn(7), s.getColumn(8)},
            .processes = processes_of(s.getColumn(9)),
            .created = time_of(s.getColumn(10)),
            .finished = time_of(s.getColumn(11))};
}

}  // namespace

std::optional<app> find_app(SQLite::Database& db, const std::string& name) {
    SQLite::Statement s(db, std::string(app_columns) + "WHERE name = ?");
    s.bind(1, name);
    if (!s.executeStep()) return std::nullopt;
    return app_from(db, s);
}

std::optional<app> find_app(SQLite::Database& db, app_id id) {
    SQLite::Statement s(db, std::string(app_columns) + "WHERE id = ?");
    s.bind(1, id.value);
    if (!s.executeStep()) return std::nullopt;
    return app_from(db, s);
}

std::vector<app> all_apps(SQLite::Database& db) {
    SQLite::Statement s(db, std::string(app_columns) + "ORDER BY name");
    std::vector<app> found;
    while (s.executeStep())
        found.push_back(app_from(db, s));
    return found;
}

app_id add_app(SQLite::Database& db, const std::string& name, user_id owner) {
    SQLite::Statement s(db, "INSERT INTO apps (name, owner, created) VALUES (?, ?, ?)");
    s.bind(1, name);
    s.bind(2, owner.value);
    s.bind(3, column(now()));
    s.exec();
    return {db.getLastInsertRowid()};
}

void remove_app(SQLite::Database& db, app_id id) {
    // The app points at a release and releases point at builds: loosen both before the cascade.
    for (const char* sql : {"UPDATE apps SET current = NULL WHERE id = ?", "DELETE FROM releases WHERE app = ?",
                            "DELETE FROM builds WHERE app = ?", "DELETE FROM apps WHERE id = ?"}) {
        SQLite::Statement s(db, sql);
        s.bind(1, id.value);
        s.exec();
    }
}

void set_formation(SQLite::Database& db, app_id id, const formation& wanted) {
    SQLite::Statement clear(db, "DELETE FROM formation WHERE app = ?");
    clear.bind(1, id.value);
    clear.exec();
    for (const auto& [process, quantity] : wanted) {
        SQLite::Statement s(db, "INSERT INTO formation (app, process, quantity) VALUES (?, ?, ?)");
        s.bind(1, id.value);
        s.bind(2, process);
        s.bind(3, quantity);
        s.exec();
    }
}

void set_stopped(SQLite::Database& db, app_id id, bool stopped) {
    SQLite::Statement s(db, "UPDATE apps SET stopped = ? WHERE id = ?");
    s.bind(1, stopped ? 1 : 0);
    s.bind(2, id.value);
    s.exec();
}

build_id add_build(SQLite::Database& db, const build& b) {
    SQLite::Statement s(db, "INSERT INTO builds (app, job, commit_id, state, created) VALUES (?, ?, ?, 'running', ?)");
    s.bind(1, b.app.value);
    s.bind(2, b.job.value);
    s.bind(3, b.commit);
    s.bind(4, column(now()));
    s.exec();
    return {db.getLastInsertRowid()};
}

void finish_build(SQLite::Database& db, const build& b) {
    SQLite::Statement s(db,
                        "UPDATE builds SET state = ?, reason = ?, buildpack = ?, directory = ?, image = ?, "
                        "processes = ?, finished = ? WHERE id = ?");
    s.bind(1, std::string(to_string(b.state)));
    s.bind(2, b.reason);
    s.bind(3, b.buildpack);
    s.bind(4, b.result.directory);
    s.bind(5, b.result.image);
    s.bind(6, to_column(b.processes));
    s.bind(7, column(now()));
    s.bind(8, b.id.value);
    s.exec();
}

std::optional<build> find_build(SQLite::Database& db, app_id owner, build_id id) {
    SQLite::Statement s(db, std::string(build_columns) + "WHERE app = ? AND id = ?");
    s.bind(1, owner.value);
    s.bind(2, id.value);
    if (!s.executeStep()) return std::nullopt;
    return build_from(s);
}

std::optional<build> build_of_job(SQLite::Database& db, job_id job) {
    SQLite::Statement s(db,
                        std::string(build_columns) + "WHERE job = ? AND state = 'succeeded' ORDER BY id DESC LIMIT 1");
    s.bind(1, job.value);
    if (!s.executeStep()) return std::nullopt;
    return build_from(s);
}

std::vector<build> builds_of(SQLite::Database& db, app_id owner, int most) {
    SQLite::Statement s(db, std::string(build_columns) + "WHERE app = ? ORDER BY id DESC LIMIT ?");
    s.bind(1, owner.value);
    s.bind(2, most);
    std::vector<build> found;
    while (s.executeStep())
        found.push_back(build_from(s));
    return found;
}

void add_event(SQLite::Database& db, app_id owner, const std::string& text) {
    SQLite::Statement s(db, "INSERT INTO events (app, at, text) VALUES (?, ?, ?)");
    s.bind(1, owner.value);
    s.bind(2, column(now()));
    s.bind(3, text);
    s.exec();
    SQLite::Statement old(db,
                          "DELETE FROM events WHERE app = ?1 AND id <= "
                          "(SELECT id FROM events WHERE app = ?1 ORDER BY id DESC LIMIT 1 OFFSET 1000)");
    old.bind(1, owner.value);
    old.exec();
}

std::vector<event> events_of(SQLite::Database& db, app_id owner, std::int64_t after, int most) {
    SQLite::Statement s(db,
                        "SELECT id, at, text FROM (SELECT id, at, text FROM events WHERE app = ? AND id > ? "
                        "ORDER BY id DESC LIMIT ?) ORDER BY id");
    s.bind(1, owner.value);
    s.bind(2, after);
    s.bind(3, most);
    std::vector<event> found;
    while (s.executeStep())
        found.push_back({s.getColumn(0).getInt64(), time_of(s.getColumn(1)), s.getColumn(2)});
    return found;
}

}  // namespace gasper::store
