#include "core/store/upgrades.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto upgrade_columns =
    "SELECT service, version_before, version_after, directory, state, inode, job, size, created FROM service_upgrades ";

upgrade upgrade_from(SQLite::Statement& s) {
    return {.service = id_of<service_id>(s.getColumn(0)),
            .before = s.getColumn(1),
            .after = s.getColumn(2),
            .directory = s.getColumn(3),
            .state = upgrade_state_of(s.getColumn(4).getString()).value(),
            .inode = static_cast<std::uint64_t>(s.getColumn(5).getInt64()),
            .job = id_of<job_id>(s.getColumn(6)),
            .size = s.getColumn(7).getInt64(),
            .created = time_of(s.getColumn(8))};
}

}  // namespace

void set_upgrade(SQLite::Database& db, const upgrade& u) {
    SQLite::Statement s(db,
                        "INSERT OR REPLACE INTO service_upgrades (service, version_before, version_after, directory, "
                        "state, inode, job, size, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    s.bind(1, u.service.value);
    s.bind(2, u.before);
    s.bind(3, u.after);
    s.bind(4, u.directory);
    s.bind(5, std::string(to_string(u.state)));
    s.bind(6, static_cast<std::int64_t>(u.inode));
    s.bind(7, u.job.value);
    s.bind(8, u.size);
    s.bind(9, column(u.created));
    s.exec();
}

std::optional<upgrade> find_upgrade(SQLite::Database& db, service_id id) {
    SQLite::Statement s(db, std::string(upgrade_columns) + "WHERE service = ?");
    s.bind(1, id.value);
    if (!s.executeStep()) return std::nullopt;
    return upgrade_from(s);
}

std::vector<upgrade> all_upgrades(SQLite::Database& db) {
    SQLite::Statement s(db, std::string(upgrade_columns) + "ORDER BY service");
    std::vector<upgrade> found;
    while (s.executeStep())
        found.push_back(upgrade_from(s));
    return found;
}

void remove_upgrade(SQLite::Database& db, service_id id) {
    SQLite::Statement s(db, "DELETE FROM service_upgrades WHERE service = ?");
    s.bind(1, id.value);
    s.exec();
}

}  // namespace gasper::store
