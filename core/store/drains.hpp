// Where the logs of apps are sent, and how far each place has them: the sequence of a line, so that a restart goes on
// from there. Call inside database::transaction or ::read. Addresses hold secrets: they go in and out sealed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/model.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

struct drain {
    std::int64_t id{0};
    app_id app;
    std::string app_name;
    std::string url;            // sealed
    bool anywhere{false};       // an admin's: it may go to private addresses
    std::uint64_t position{0};  // the newest line that it has
    std::uint64_t dropped{0};   // lines that it never got
    std::string last_error;     // empty: all is well
    sys_time created{};
};

std::int64_t add_drain(SQLite::Database& db, const drain& d);
bool remove_drain(SQLite::Database& db, app_id app, std::int64_t id);
std::vector<drain> drains_of(SQLite::Database& db, app_id app);
std::vector<drain> all_drains(SQLite::Database& db);
/// Writes position, dropped, last_error.
void set_progress(SQLite::Database& db, const drain& d);

}  // namespace gasper::store
