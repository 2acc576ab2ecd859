#include "core/store/routing.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto columns = "maintenance, page, sleep_after, stop_after, stage, stage_since ";

std::string_view text_of(sleep_stage s) {
    if (s == sleep_stage::frozen) return "frozen";
    return s == sleep_stage::stopped ? "stopped" : "awake";
}

sleep_stage stage_of(const std::string& text) {
    if (text == "frozen") return sleep_stage::frozen;
    return text == "stopped" ? sleep_stage::stopped : sleep_stage::awake;
}

routing routing_from(SQLite::Statement& s, int first) {
    return {.maintenance = s.getColumn(first).getInt() != 0,
            .page = s.getColumn(first + 1),
            .sleep_after = std::chrono::seconds(s.getColumn(first + 2).getInt64()),
            .stop_after = std::chrono::seconds(s.getColumn(first + 3).getInt64()),
            .stage = stage_of(s.getColumn(first + 4)),
            .stage_since = time_of(s.getColumn(first + 5))};
}

SQLite::Statement upsert(SQLite::Database& db, app_id id, const std::string& names, const std::string& values,
                         const std::string& updates) {
    SQLite::Statement s(db, "INSERT INTO routing (app, " + names + ") VALUES (?, " + values +
                                ") ON CONFLICT (app) DO UPDATE SET " + updates);
    s.bind(1, id.value);
    return s;
}

}  // namespace

routing routing_of(SQLite::Database& db, app_id id) {
    SQLite::Statement s(db, std::string("SELECT ") + columns + "FROM routing WHERE app = ?");
    s.bind(1, id.value);
    return s.executeStep() ? routing_from(s, 0) : routing();
}

std::map<std::string, routing> all_routing(SQLite::Database& db) {
    SQLite::Statement s(db, std::string("SELECT name, ") + columns + "FROM routing JOIN apps ON apps.id = routing.app");
    std::map<std::string, routing> all;
    while (s.executeStep())
        all.emplace(s.getColumn(0).getString(), routing_from(s, 1));
    return all;
}

std::size_t page_bytes(SQLite::Database& db, app_id except) {
    SQLite::Statement s(db, "SELECT coalesce(sum(length(CAST(page AS BLOB))), 0) FROM routing WHERE app != ?");
    s.bind(1, except.value);
    s.executeStep();
    return static_cast<std::size_t>(s.getColumn(0).getInt64());
}

void set_maintenance(SQLite::Database& db, app_id id, bool on, const std::string& page) {
    auto s = upsert(db, id, "maintenance, page", "?, ?", "maintenance = excluded.maintenance, page = excluded.page");
    s.bind(2, on ? 1 : 0);
    s.bind(3, page);
    s.exec();
}

void set_sleep(SQLite::Database& db, app_id id, std::chrono::seconds after, std::chrono::seconds stop_after) {
    auto s = upsert(db, id, "sleep_after, stop_after", "?, ?",
                    "sleep_after = excluded.sleep_after, stop_after = excluded.stop_after");
    s.bind(2, static_cast<std::int64_t>(after.count()));
    s.bind(3, static_cast<std::int64_t>(stop_after.count()));
    s.exec();
}

void set_sleep_stage(SQLite::Database& db, app_id id, sleep_stage stage) {
    auto s = upsert(db, id, "stage, stage_since", "?, ?", "stage = excluded.stage, stage_since = excluded.stage_since");
    s.bind(2, std::string(text_of(stage)));
    s.bind(3, column(now()));
    s.exec();
}

}  // namespace gasper::store
