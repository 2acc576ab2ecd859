#include "core/store/accounts.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

std::optional<user_row> user_from(SQLite::Statement&& s) {
    if (!s.executeStep()) return std::nullopt;
    return user_row{{.id = id_of<user_id>(s.getColumn(0)),
                     .name = s.getColumn(1),
                     .admin = s.getColumn(3).getInt() != 0,
                     .created = time_of(s.getColumn(4))},
                    s.getColumn(2)};
}

ssh_key key_from(SQLite::Statement& s) {
    return {.id = id_of<key_id>(s.getColumn(0)),
            .owner = id_of<user_id>(s.getColumn(1)),
            .name = s.getColumn(2),
            .fingerprint = s.getColumn(3),
            .line = s.getColumn(4),
            .created = time_of(s.getColumn(5))};
}

constexpr auto key_columns = "SELECT id, user, name, fingerprint, line, created FROM keys ";

}  // namespace

std::optional<user_row> find_user(SQLite::Database& db, const std::string& name) {
    SQLite::Statement s(db, "SELECT id, name, password, admin, created FROM users WHERE name = ?");
    s.bind(1, name);
    return user_from(std::move(s));
}

std::optional<user_row> find_user(SQLite::Database& db, user_id id) {
    SQLite::Statement s(db, "SELECT id, name, password, admin, created FROM users WHERE id = ?");
    s.bind(1, id.value);
    return user_from(std::move(s));
}

user_id add_user(SQLite::Database& db, const std::string& name, const std::string& password, bool admin) {
    SQLite::Statement s(db, "INSERT INTO users (name, password, admin, created) VALUES (?, ?, ?, ?)");
    s.bind(1, name);
    s.bind(2, password);
    s.bind(3, admin ? 1 : 0);
    s.bind(4, column(now()));
    s.exec();
    return {db.getLastInsertRowid()};
}

void set_password(SQLite::Database& db, user_id id, const std::string& password, bool admin) {
    SQLite::Statement s(db, "UPDATE users SET password = ?, admin = ? WHERE id = ?");
    s.bind(1, password);
    s.bind(2, admin ? 1 : 0);
    s.bind(3, id.value);
    s.exec();
}

std::optional<ssh_key> find_key(SQLite::Database& db, const std::string& fingerprint) {
    SQLite::Statement s(db, std::string(key_columns) + "WHERE fingerprint = ?");
    s.bind(1, fingerprint);
    if (!s.executeStep()) return std::nullopt;
    return key_from(s);
}

std::vector<ssh_key> keys_of(SQLite::Database& db, user_id owner) {
    SQLite::Statement s(db, std::string(key_columns) + "WHERE user = ? ORDER BY name");
    s.bind(1, owner.value);
    std::vector<ssh_key> found;
    while (s.executeStep())
        found.push_back(key_from(s));
    return found;
}

key_id add_key(SQLite::Database& db, const ssh_key& key) {
    SQLite::Statement s(db, "INSERT INTO keys (user, name, fingerprint, line, created) VALUES (?, ?, ?, ?, ?)");
    s.bind(1, key.owner.value);
    s.bind(2, key.name);
    s.bind(3, key.fingerprint);
    s.bind(4, key.line);
    s.bind(5, column(now()));
    s.exec();
    return {db.getLastInsertRowid()};
}

bool remove_key(SQLite::Database& db, user_id owner, const std::string& name_or_fingerprint) {
    SQLite::Statement s(db, "DELETE FROM keys WHERE user = ? AND (name = ? OR fingerprint = ?)");
    s.bind(1, owner.value);
    s.bind(2, name_or_fingerprint);
    s.bind(3, name_or_fingerprint);
    return s.exec() > 0;
}

}  // namespace gasper::store
