// Who changed what, in order, for good: rows are added and never changed, which the database itself enforces. Jobs and
// releases write theirs by triggers, in the transaction of the change; what is neither is added by the one who does it.
// Call inside database::transaction or ::read. No secret stands in an entry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/model.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

struct audit_entry {
    std::int64_t id{0};
    sys_time at{};
    std::string user;    // "gasper": the platform itself
    std::string action;  // "app.created", "deploy.started", "deploy.failed", "release.created", "key.added" …
    std::string app;     // empty: none
    std::string detail;
};

/// Id and time are given here. At least the newest 100,000 are kept.
void add_audit(SQLite::Database& db, const std::string& user, const std::string& action, const std::string& app,
               const std::string& detail);

struct audit_query {
    std::string app;            // empty: all
    std::optional<user_id> of;  // only what this user did, and what happened to apps and services of theirs
    std::int64_t before{0};     // older than this entry; 0: from the newest
    int most{100};
};
/// Newest first.
std::vector<audit_entry> find_audit(SQLite::Database& db, const audit_query& query);

/// Oldest first, those after `id`.
std::vector<audit_entry> audit_after(SQLite::Database& db, std::int64_t id, int most);
/// Entries of no app with one of these actions, newest first.
std::vector<audit_entry> newest_of(SQLite::Database& db, const std::vector<std::string>& actions, int most);
std::int64_t newest_audit(SQLite::Database& db);

}  // namespace gasper::store
