// Users and keys in the store. Call inside database::transaction or ::read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/model.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

struct user_row {
    gasper::user user;
    std::string password;  // Argon2id, encoded; empty: none, no login by password
};

std::optional<user_row> find_user(SQLite::Database& db, const std::string& name);
std::optional<user_row> find_user(SQLite::Database& db, user_id id);
user_id add_user(SQLite::Database& db, const std::string& name, const std::string& password, bool admin);
void set_password(SQLite::Database& db, user_id id, const std::string& password, bool admin);

std::optional<ssh_key> find_key(SQLite::Database& db, const std::string& fingerprint);
std::vector<ssh_key> keys_of(SQLite::Database& db, user_id owner);
key_id add_key(SQLite::Database& db, const ssh_key& key);
/// False when the user has no key of that name or fingerprint.
bool remove_key(SQLite::Database& db, user_id owner, const std::string& name_or_fingerprint);

}  // namespace gasper::store
