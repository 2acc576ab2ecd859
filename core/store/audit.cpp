#include "core/store/audit.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto audit_columns = "SELECT id, at, user, action, app, detail FROM audit ";
constexpr std::int64_t most_kept = 100'000;

std::vector<audit_entry> entries_of(SQLite::Statement& s) {
    std::vector<audit_entry> all;
    while (s.executeStep())
        all.push_back({.id = s.getColumn(0).getInt64(),
                       .at = time_of(s.getColumn(1)),
                       .user = s.getColumn(2),
                       .action = s.getColumn(3),
                       .app = s.getColumn(4),
                       .detail = s.getColumn(5)});
    return all;
}

}  // namespace

void add_audit(SQLite::Database& db, const std::string& user, const std::string& action, const std::string& app,
               const std::string& detail) {
    SQLite::Statement s(db, "INSERT INTO audit (at, user, action, app, detail) VALUES (?, ?, ?, ?, ?)");
    s.bind(1, column(now()));
    s.bind(2, user);
    s.bind(3, action);
    s.bind(4, app);
    s.bind(5, detail.substr(0, 1000));
    s.exec();
    // Only beyond what the trigger protects.
    SQLite::Statement old(db, "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?");
    old.bind(1, most_kept + 1000);
    old.exec();
}

std::vector<audit_entry> find_audit(SQLite::Database& db, const audit_query& query) {
    SQLite::Statement s(db,
                        std::string(audit_columns) +
                            "WHERE (?1 = '' OR app = ?1) AND (?2 = 0 OR id < ?2) AND (?3 IS NULL OR app IN (SELECT "
                            "name FROM apps WHERE owner = ?3 UNION ALL SELECT 'service:' || name FROM services WHERE "
                            "owner = ?3) OR user = (SELECT name FROM users WHERE id = ?3)) "
                            "ORDER BY id DESC LIMIT ?4");
    s.bind(1, query.app);
    s.bind(2, query.before);
    if (query.of) s.bind(3, query.of->value);
    s.bind(4, query.most);
    return entries_of(s);
}

std::vector<audit_entry> audit_after(SQLite::Database& db, std::int64_t id, int most) {
    SQLite::Statement s(db, std::string(audit_columns) + "WHERE id > ? ORDER BY id LIMIT ?");
    s.bind(1, id);
    s.bind(2, most);
    return entries_of(s);
}

std::vector<audit_entry> newest_of(SQLite::Database& db, const std::vector<std::string>& actions, int most) {
    std::string marks;
    for (std::size_t i = 0; i < actions.size(); ++i)
        marks += i == 0 ? "?" : ", ?";
    SQLite::Statement s(db, std::string(audit_columns) + "WHERE app = '' AND action IN (" + marks +
                                ") ORDER BY id DESC LIMIT " + std::to_string(most));
    for (std::size_t i = 0; i < actions.size(); ++i)
        s.bind(static_cast<int>(i) + 1, actions[i]);
    return entries_of(s);
}

std::int64_t newest_audit(SQLite::Database& db) {
    SQLite::Statement s(db, "SELECT coalesce(max(id), 0) FROM audit");
    s.executeStep();
    return s.getColumn(0).getInt64();
}

}  // namespace gasper::store
