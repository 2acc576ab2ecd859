// How apps are routed when they are not simply served: maintenance, sleep. Call inside database::transaction or ::read.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "core/model/id.hpp"
#include "core/model/model.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

/// Where a sleeping app's instances are: running, frozen by the engine, or gone.
enum class sleep_stage { awake, frozen, stopped };

struct routing {
    bool maintenance{false};
    std::string page;                     // of the maintenance, HTML; empty: the router's own
    std::chrono::seconds sleep_after{0};  // without a request; 0: never
    std::chrono::seconds stop_after{0};   // frozen for so long, it is stopped
    sleep_stage stage{sleep_stage::awake};
    sys_time stage_since{};
};

routing routing_of(SQLite::Database& db, app_id id);
/// By the app's name; apps that were never set otherwise are not in it.
std::map<std::string, routing> all_routing(SQLite::Database& db);
/// Bytes of all maintenance pages but that of `except`.
std::size_t page_bytes(SQLite::Database& db, app_id except);

void set_maintenance(SQLite::Database& db, app_id id, bool on, const std::string& page);
void set_sleep(SQLite::Database& db, app_id id, std::chrono::seconds after, std::chrono::seconds stop_after);
void set_sleep_stage(SQLite::Database& db, app_id id, sleep_stage stage);

}  // namespace gasper::store
