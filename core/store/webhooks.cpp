#include "core/store/webhooks.hpp"

#include "core/store/audit.hpp"
#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto webhook_columns =
    "SELECT w.id, w.app, a.name, w.url, w.actions, w.secret, w.anywhere, w.position, w.failures, w.failing_since, "
    "w.last_error, w.created FROM webhooks w JOIN apps a ON a.id = w.app ";

std::vector<webhook> webhooks_from(SQLite::Statement& s) {
    std::vector<webhook> all;
    while (s.executeStep())
        all.push_back({.id = s.getColumn(0).getInt64(),
                       .app = id_of<app_id>(s.getColumn(1)),
                       .app_name = s.getColumn(2),
                       .url = s.getColumn(3),
                       .actions = s.getColumn(4),
                       .secret = s.getColumn(5).getString(),
                       .anywhere = s.getColumn(6).getInt() != 0,
                       .position = s.getColumn(7).getInt64(),
                       .failures = s.getColumn(8).getInt(),
                       .failing_since = time_of(s.getColumn(9)),
                       .last_error = s.getColumn(10),
                       .created = time_of(s.getColumn(11))});
    return all;
}

}  // namespace

std::int64_t add_webhook(SQLite::Database& db, const webhook& w) {
    SQLite::Statement s(
        db,
        "INSERT INTO webhooks (app, url, actions, secret, anywhere, position, created) VALUES (?, ?, ?, "
        "?, ?, ?, ?)");
    s.bind(1, w.app.value);
    s.bind(2, w.url);
    s.bind(3, w.actions);
    s.bind(4, w.secret.data(), static_cast<int>(w.secret.size()));
    s.bind(5, w.anywhere ? 1 : 0);
    s.bind(6, newest_audit(db));
    s.bind(7, column(w.created));
    s.exec();
    return db.getLastInsertRowid();
}

bool remove_webhook(SQLite::Database& db, app_id app, std::int64_t id) {
    SQLite::Statement s(db, "DELETE FROM webhooks WHERE app = ? AND id = ?");
    s.bind(1, app.value);
    s.bind(2, id);
    return s.exec() > 0;
}

std::vector<webhook> webhooks_of(SQLite::Database& db, app_id app) {
    SQLite::Statement s(db, std::string(webhook_columns) + "WHERE w.app = ? ORDER BY w.id");
    s.bind(1, app.value);
    return webhooks_from(s);
}

std::vector<webhook> all_webhooks(SQLite::Database& db) {
    SQLite::Statement s(db, std::string(webhook_columns) + "ORDER BY w.id");
    return webhooks_from(s);
}

void set_delivery(SQLite::Database& db, const webhook& w) {
    SQLite::Statement s(
        db, "UPDATE webhooks SET position = ?, failures = ?, failing_since = ?, last_error = ? WHERE id = ?");
    s.bind(1, w.position);
    s.bind(2, w.failures);
    s.bind(3, column(w.failing_since));
    s.bind(4, w.last_error.substr(0, 300));
    s.bind(5, w.id);
    s.exec();
}

}  // namespace gasper::store
