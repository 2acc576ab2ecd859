#include <nlohmann/json.hpp>

#include "core/store/apps.hpp"
#include "core/store/columns.hpp"
#include "core/store/volumes.hpp"

namespace gasper::store {

namespace {

constexpr auto release_columns =
    "SELECT id, app, version, build, commit_id, description, user, config, directory, image, processes, limits, "
    "state, reason, created, declared, settings FROM releases ";

release_state release_state_of(const std::string& text) {
    if (text == "pending") return release_state::pending;
    return text == "succeeded" ? release_state::succeeded : release_state::failed;
}

config_vars unsealed(const secret_box& box, const SQLite::Column& c) {
    const auto plain = box.unseal({static_cast<const char*>(c.getBlob()), static_cast<std::size_t>(c.getBytes())});
    return nlohmann::json::parse(plain.value()).get<config_vars>();
}

release release_from(const secret_box& box, SQLite::Statement& s) {
    return {.id = id_of<release_id>(s.getColumn(0)),
            .app = id_of<app_id>(s.getColumn(1)),
            .version = s.getColumn(2).getInt(),
            .build = id_of<build_id>(s.getColumn(3)),
            .commit = s.getColumn(4),
            .description = s.getColumn(5),
            .user = s.getColumn(6),
            .config = unsealed(box, s.getColumn(7)),
            .code = {s.getColumn(8), s.getColumn(9)},
            .processes = processes_of(s.getColumn(10)),
            .limit = limits_of(s.getColumn(11)),
            .declared = settings_from_json(s.getColumn(15)),
            .set = settings_from_json(s.getColumn(16)),
            .state = release_state_of(s.getColumn(12)),
            .reason = s.getColumn(13),
            .created = time_of(s.getColumn(14))};
}

std::optional<release> first_of(const secret_box& box, SQLite::Statement& s) {
    if (!s.executeStep()) return std::nullopt;
    return release_from(box, s);
}

bool runs_the_same(const release& a, const release& b) {
    return a.code == b.code && a.config == b.config && a.processes == b.processes && a.limit == b.limit &&
           a.declared == b.declared && a.set == b.set;
}

}  // namespace

release add_release(SQLite::Database& db, const secret_box& box, release r) {
    SQLite::Statement next(db, "SELECT COALESCE(MAX(version), 0) + 1 FROM releases WHERE app = ?");
    next.bind(1, r.app.value);
    next.executeStep();
    r.version = next.getColumn(0).getInt();
    r.created = now();
    const auto config = box.seal(nlohmann::json(r.config).dump());
    SQLite::Statement s(db,
                        "INSERT INTO releases (app, version, build, commit_id, description, user, config, directory, "
                        "image, processes, limits, state, created, declared, settings) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    s.bind(1, r.app.value);
    s.bind(2, r.version);
    bind_id(s, 3, r.build);
    s.bind(4, r.commit);
    s.bind(5, r.description);
    s.bind(6, r.user);
    s.bind(7, config.data(), static_cast<int>(config.size()));
    s.bind(8, r.code.directory);
    s.bind(9, r.code.image);
    s.bind(10, to_column(r.processes));
    s.bind(11, to_column(r.limit));
    s.bind(12, std::string(to_string(r.state)));
    s.bind(13, column(r.created));
    s.bind(14, to_json(r.declared));
    s.bind(15, to_json(r.set));
    s.exec();
    r.id = {db.getLastInsertRowid()};
    return r;
}

std::optional<release> find_release(SQLite::Database& db, const secret_box& box, release_id id) {
    SQLite::Statement s(db, std::string(release_columns) + "WHERE id = ?");
    s.bind(1, id.value);
    return first_of(box, s);
}

std::optional<release> find_release(SQLite::Database& db, const secret_box& box, app_id owner, int version) {
    SQLite::Statement s(db, std::string(release_columns) + "WHERE app = ? AND version = ?");
    s.bind(1, owner.value);
    s.bind(2, version);
    return first_of(box, s);
}

std::optional<release> release_before(SQLite::Database& db, const secret_box& box, const release& r) {
    SQLite::Statement s(db, std::string(release_columns) +
                                "WHERE app = ? AND version < ? AND state = 'succeeded' AND image <> '' "
                                "ORDER BY version DESC");
    s.bind(1, r.app.value);
    s.bind(2, r.version);
    const auto mounts = mounts_of(db, r.id);
    while (s.executeStep()) {
        auto before = release_from(box, s);
        if (!runs_the_same(before, r) || mounts_of(db, before.id) != mounts) return before;
    }
    return std::nullopt;
}

std::vector<release> releases_of(SQLite::Database& db, const secret_box& box, app_id owner, int most) {
    SQLite::Statement s(db, std::string(release_columns) + "WHERE app = ? ORDER BY version DESC LIMIT ?");
    s.bind(1, owner.value);
    s.bind(2, most);
    std::vector<release> found;
    while (s.executeStep())
        found.push_back(release_from(box, s));
    return found;
}

release_summary summary_of(SQLite::Database& db, release_id id) {
    SQLite::Statement s(db, "SELECT version, created FROM releases WHERE id = ?");
    s.bind(1, id.value);
    if (!s.executeStep()) return {};
    return {.version = s.getColumn(0).getInt(), .created = time_of(s.getColumn(1))};
}

std::vector<std::pair<std::string, int>> served_versions(SQLite::Database& db) {
    SQLite::Statement s(db,
                        "SELECT a.name, COALESCE(r.version, 0) FROM apps a LEFT JOIN releases r ON r.id = a.current");
    std::vector<std::pair<std::string, int>> apps;
    while (s.executeStep())
        apps.emplace_back(s.getColumn(0).getString(), s.getColumn(1).getInt());
    return apps;
}

void fail_release(SQLite::Database& db, release_id id, const std::string& reason) {
    SQLite::Statement s(db, "UPDATE releases SET state = 'failed', reason = ? WHERE id = ?");
    s.bind(1, reason);
    s.bind(2, id.value);
    s.exec();
}

void fail_pending(SQLite::Database& db, const std::string& reason) {
    for (const char* sql : {"UPDATE releases SET state = 'failed', reason = ? WHERE state = 'pending'",
                            "UPDATE builds SET state = 'failed', reason = ? WHERE state = 'running'"}) {
        SQLite::Statement s(db, sql);
        s.bind(1, reason);
        s.exec();
    }
}

std::set<std::string> build_directories(SQLite::Database& db) {
    SQLite::Statement s(db,
                        "SELECT directory FROM releases WHERE directory <> '' AND state = 'succeeded' UNION "
                        "SELECT b.directory FROM builds b JOIN jobs j ON j.id = b.job WHERE b.directory <> '' AND "
                        "b.state = 'succeeded' AND j.state IN ('waiting', 'running')");
    std::set<std::string> found;
    while (s.executeStep())
        found.insert(s.getColumn(0).getString());
    return found;
}

std::vector<artifact> released_code(SQLite::Database& db) {
    SQLite::Statement s(db, "SELECT DISTINCT directory, image FROM releases WHERE image <> '' AND state = 'succeeded'");
    std::vector<artifact> found;
    while (s.executeStep())
        found.push_back({.directory = s.getColumn(0).getString(), .image = s.getColumn(1).getString()});
    return found;
}

void make_current(SQLite::Database& db, const release& r, const std::string& language, const formation& wanted) {
    SQLite::Statement done(db, "UPDATE releases SET state = 'succeeded' WHERE id = ?");
    done.bind(1, r.id.value);
    done.exec();
    SQLite::Statement s(db, "UPDATE apps SET current = ?, language = ? WHERE id = ?");
    s.bind(1, r.id.value);
    s.bind(2, language);
    s.bind(3, r.app.value);
    s.exec();
    set_formation(db, r.app, wanted);
}

}  // namespace gasper::store
