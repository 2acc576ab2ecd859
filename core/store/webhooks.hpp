// Where people want to hear of events, and how far each has heard: a position in the audit, so that a restart neither
// loses an event nor needs a queue. Call inside database::transaction or ::read. Secrets go in and out sealed.
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

struct webhook {
    std::int64_t id{0};
    app_id app;
    std::string app_name;
    std::string url;
    std::string actions;       // "deploy.failed,app.*"
    std::string secret;        // sealed
    bool anywhere{false};      // an admin's: it may go to private addresses
    std::int64_t position{0};  // the last audit entry that it got, or that was none for it
    int failures{0};           // in a row
    sys_time failing_since{};
    std::string last_error;
    sys_time created{};
};

/// The position is the audit's newest entry: only what comes is sent.
std::int64_t add_webhook(SQLite::Database& db, const webhook& w);
bool remove_webhook(SQLite::Database& db, app_id app, std::int64_t id);
std::vector<webhook> webhooks_of(SQLite::Database& db, app_id app);
std::vector<webhook> all_webhooks(SQLite::Database& db);
/// Writes position, failures, failing_since, last_error.
void set_delivery(SQLite::Database& db, const webhook& w);

}  // namespace gasper::store
