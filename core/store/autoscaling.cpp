#include "core/store/autoscaling.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

namespace gasper::store {

namespace {

constexpr auto columns = "app, process, least, most, signal, target, cooldown FROM autoscaling ";

autoscale_rule rule_from(SQLite::Statement& s) {
    return {.least = s.getColumn(2).getInt(),
            .most = s.getColumn(3).getInt(),
            .signal = s.getColumn(4).getString() == "cpu" ? scale_signal::cpu : scale_signal::queue,
            .target = s.getColumn(5).getDouble(),
            .cooldown = std::chrono::seconds(s.getColumn(6).getInt64())};
}

}  // namespace

autoscale_rules autoscale_rules_of(SQLite::Database& db, app_id id) {
    SQLite::Statement s(db, std::string("SELECT ") + columns + "WHERE app = ?");
    s.bind(1, id.value);
    autoscale_rules all;
    while (s.executeStep())
        all[s.getColumn(1).getString()] = rule_from(s);
    return all;
}

std::map<app_id, autoscale_rules> all_autoscale_rules(SQLite::Database& db) {
    SQLite::Statement s(db, std::string("SELECT ") + columns);
    std::map<app_id, autoscale_rules> all;
    while (s.executeStep())
        all[app_id{s.getColumn(0).getInt64()}][s.getColumn(1).getString()] = rule_from(s);
    return all;
}

void set_autoscale_rule(SQLite::Database& db, app_id id, const std::string& process, const autoscale_rule& rule) {
    SQLite::Statement s(db,
                        "INSERT OR REPLACE INTO autoscaling (app, process, least, most, signal, target, cooldown) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?)");
    s.bind(1, id.value);
    s.bind(2, process);
    s.bind(3, rule.least);
    s.bind(4, rule.most);
    s.bind(5, std::string(to_string(rule.signal)));
    s.bind(6, rule.target);
    s.bind(7, static_cast<std::int64_t>(rule.cooldown.count()));
    s.exec();
}

bool remove_autoscale_rule(SQLite::Database& db, app_id id, const std::string& process) {
    SQLite::Statement s(db, "DELETE FROM autoscaling WHERE app = ? AND process = ?");
    s.bind(1, id.value);
    s.bind(2, process);
    return s.exec() > 0;
}

}  // namespace gasper::store
