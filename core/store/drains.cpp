#include "core/store/drains.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto drain_columns =
    "SELECT d.id, d.app, a.name, d.url, d.anywhere, d.position, d.dropped, d.last_error, d.created FROM drains d "
    "JOIN apps a ON a.id = d.app ";

std::vector<drain> drains_from(SQLite::Statement& s) {
    std::vector<drain> all;
    while (s.executeStep())
        all.push_back({.id = s.getColumn(0).getInt64(),
                       .app = id_of<app_id>(s.getColumn(1)),
                       .app_name = s.getColumn(2),
                       .url = s.getColumn(3).getString(),
                       .anywhere = s.getColumn(4).getInt() != 0,
                       .position = static_cast<std::uint64_t>(s.getColumn(5).getInt64()),
                       .dropped = static_cast<std::uint64_t>(s.getColumn(6).getInt64()),
                       .last_error = s.getColumn(7),
                       .created = time_of(s.getColumn(8))});
    return all;
}

}  // namespace

std::int64_t add_drain(SQLite::Database& db, const drain& d) {
    SQLite::Statement s(db, "INSERT INTO drains (app, url, anywhere, position, created) VALUES (?, ?, ?, ?, ?)");
    s.bind(1, d.app.value);
    s.bind(2, d.url.data(), static_cast<int>(d.url.size()));
    s.bind(3, d.anywhere ? 1 : 0);
    s.bind(4, static_cast<std::int64_t>(d.position));
    s.bind(5, column(now()));
    s.exec();
    return db.getLastInsertRowid();
}

bool remove_drain(SQLite::Database& db, app_id app, std::int64_t id) {
    SQLite::Statement s(db, "DELETE FROM drains WHERE app = ? AND id = ?");
    s.bind(1, app.value);
    s.bind(2, id);
    return s.exec() > 0;
}

std::vector<drain> drains_of(SQLite::Database& db, app_id app) {
    SQLite::Statement s(db, std::string(drain_columns) + "WHERE d.app = ? ORDER BY d.id");
    s.bind(1, app.value);
    return drains_from(s);
}

std::vector<drain> all_drains(SQLite::Database& db) {
    SQLite::Statement s(db, std::string(drain_columns) + "ORDER BY d.id");
    return drains_from(s);
}

void set_progress(SQLite::Database& db, const drain& d) {
    SQLite::Statement s(db, "UPDATE drains SET position = ?, dropped = ?, last_error = ? WHERE id = ?");
    s.bind(1, static_cast<std::int64_t>(d.position));
    s.bind(2, static_cast<std::int64_t>(d.dropped));
    s.bind(3, d.last_error.substr(0, 300));
    s.bind(4, d.id);
    s.exec();
}

}  // namespace gasper::store
