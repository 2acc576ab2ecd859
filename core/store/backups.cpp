#include "core/store/backups.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto backup_columns =
    "SELECT id, service, service_name, owner, kind, version, plan, place, object, origin, state, verified, problem, "
    "size, dump_size, created FROM backups ";
constexpr auto schedule_columns =
    "SELECT b.service, s.name, b.schedule, b.zone, b.keep, b.place, b.seen, b.alarmed, b.created, b.unproved "
    "FROM backup_schedules b JOIN services s ON s.id = b.service ";

backup_state state_of(const std::string& text) {
    if (text == "stored") return backup_state::stored;
    return text == "failed" ? backup_state::failed : backup_state::running;
}

backup backup_from(SQLite::Statement& s) {
    backup b{.id = id_of<backup_id>(s.getColumn(0)),
             .service_name = s.getColumn(2),
             .owner = id_of<user_id>(s.getColumn(3)),
             .kind = s.getColumn(4),
             .version = s.getColumn(5),
             .plan = s.getColumn(6),
             .place = s.getColumn(7),
             .object = s.getColumn(8),
             .origin = s.getColumn(9),
             .state = state_of(s.getColumn(10)),
             .problem = s.getColumn(12),
             .size = s.getColumn(13).getInt64(),
             .dump_size = s.getColumn(14).getInt64(),
             .created = time_of(s.getColumn(15))};
    if (!s.getColumn(1).isNull()) b.service = id_of<service_id>(s.getColumn(1));
    if (!s.getColumn(11).isNull()) b.verified = time_of(s.getColumn(11));
    return b;
}

backup_schedule schedule_from(SQLite::Statement& s) {
    return {.service = id_of<service_id>(s.getColumn(0)),
            .service_name = s.getColumn(1),
            .schedule = s.getColumn(2),
            .zone = s.getColumn(3),
            .keep = s.getColumn(4),
            .place = s.getColumn(5),
            .seen = time_of(s.getColumn(6)),
            .alarmed = time_of(s.getColumn(7)),
            .unproved = time_of(s.getColumn(9)),
            .created = time_of(s.getColumn(8))};
}

}  // namespace

backup_id add_backup(SQLite::Database& db, const backup& b) {
    SQLite::Statement s(db,
                        "INSERT INTO backups (service, service_name, owner, kind, version, plan, place, object, "
                        "origin, state, problem, size, dump_size, created) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, 0, ?)");
    bind_id(s, 1, b.service);
    s.bind(2, b.service_name);
    bind_id(s, 3, b.owner);
    s.bind(4, b.kind);
    s.bind(5, b.version);
    s.bind(6, b.plan);
    s.bind(7, b.place);
    s.bind(8, b.object);
    s.bind(9, b.origin);
    s.bind(10, std::string(to_string(b.state)));
    s.bind(11, column(b.created));
    s.exec();
    return {db.getLastInsertRowid()};
}

std::optional<backup> find_backup(SQLite::Database& db, backup_id id) {
    SQLite::Statement s(db, std::string(backup_columns) + "WHERE id = ?");
    s.bind(1, id.value);
    if (!s.executeStep()) return std::nullopt;
    return backup_from(s);
}

std::vector<backup> backups_of(SQLite::Database& db, const std::string& service) {
    SQLite::Statement s(db, std::string(backup_columns) + "WHERE service_name = ? ORDER BY created DESC, id DESC");
    s.bind(1, service);
    std::vector<backup> found;
    while (s.executeStep())
        found.push_back(backup_from(s));
    return found;
}

std::map<service_id, sys_time> newest_verified(SQLite::Database& db) {
    SQLite::Statement s(db,
                        "SELECT service, MAX(created) FROM backups WHERE verified IS NOT NULL AND service IS NOT NULL "
                        "GROUP BY service");
    std::map<service_id, sys_time> found;
    while (s.executeStep())
        found[id_of<service_id>(s.getColumn(0))] = time_of(s.getColumn(1));
    return found;
}

void update_backup(SQLite::Database& db, const backup& b) {
    SQLite::Statement s(
        db, "UPDATE backups SET state = ?, verified = ?, problem = ?, size = ?, dump_size = ? WHERE id = ?");
    s.bind(1, std::string(to_string(b.state)));
    if (b.verified)
        s.bind(2, column(*b.verified));
    else
        s.bind(2);
    s.bind(3, b.problem);
    s.bind(4, b.size);
    s.bind(5, b.dump_size);
    s.bind(6, b.id.value);
    s.exec();
}

void remove_backup(SQLite::Database& db, backup_id id) {
    SQLite::Statement s(db, "DELETE FROM backups WHERE id = ?");
    s.bind(1, id.value);
    s.exec();
}

std::vector<backup> fail_interrupted_backups(SQLite::Database& db, const std::set<backup_id>& made_again) {
    std::vector<backup> found;
    SQLite::Statement s(db, std::string(backup_columns) + "WHERE state = 'running' ORDER BY id");
    while (s.executeStep())
        found.push_back(backup_from(s));
    std::erase_if(found, [&](const backup& b) { return made_again.contains(b.id); });
    for (auto& b : found) {
        b.state = backup_state::failed;
        b.problem = "Gasper was restarted meanwhile";
        update_backup(db, b);
    }
    return found;
}

void set_backup_schedule(SQLite::Database& db, const backup_schedule& v) {
    SQLite::Statement s(db,
                        "INSERT INTO backup_schedules (service, schedule, zone, keep, place, seen, alarmed, created, "
                        "unproved) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service) DO UPDATE SET schedule = "
                        "excluded.schedule, zone = excluded.zone, keep = excluded.keep, place = excluded.place, seen = "
                        "excluded.seen, alarmed = excluded.alarmed, created = excluded.created, unproved = "
                        "excluded.unproved");
    s.bind(1, v.service.value);
    s.bind(2, v.schedule);
    s.bind(3, v.zone);
    s.bind(4, v.keep);
    s.bind(5, v.place);
    s.bind(6, column(v.seen));
    s.bind(7, column(v.alarmed));
    s.bind(8, column(v.created));
    s.bind(9, column(v.unproved));
    s.exec();
}

bool update_backup_schedule(SQLite::Database& db, const backup_schedule& v) {
    SQLite::Statement s(db,
                        "UPDATE backup_schedules SET seen = ?, alarmed = ?, unproved = ? "
                        "WHERE service = ? AND created = ?");
    s.bind(1, column(v.seen));
    s.bind(2, column(v.alarmed));
    s.bind(3, column(v.unproved));
    s.bind(4, v.service.value);
    s.bind(5, column(v.created));
    return s.exec() > 0;
}

std::optional<backup_schedule> find_backup_schedule(SQLite::Database& db, service_id id) {
    SQLite::Statement s(db, std::string(schedule_columns) + "WHERE b.service = ?");
    s.bind(1, id.value);
    if (!s.executeStep()) return std::nullopt;
    return schedule_from(s);
}

std::vector<backup_schedule> all_backup_schedules(SQLite::Database& db) {
    SQLite::Statement s(db, std::string(schedule_columns) + "ORDER BY b.service");
    std::vector<backup_schedule> found;
    while (s.executeStep())
        found.push_back(schedule_from(s));
    return found;
}

bool remove_backup_schedule(SQLite::Database& db, service_id id) {
    SQLite::Statement s(db, "DELETE FROM backup_schedules WHERE service = ?");
    s.bind(1, id.value);
    return s.exec() > 0;
}

namespace {

constexpr auto store_columns =
    "SELECT name, endpoint, region, bucket, prefix, access_key, created, secret FROM backup_stores ";

backup_store store_from(SQLite::Statement& s) {
    return {.name = s.getColumn(0),
            .endpoint = s.getColumn(1),
            .region = s.getColumn(2),
            .bucket = s.getColumn(3),
            .prefix = s.getColumn(4),
            .access_key = s.getColumn(5),
            .created = time_of(s.getColumn(6))};
}

}  // namespace

void add_backup_store(SQLite::Database& db, const secret_box& box, const backup_store& v) {
    SQLite::Statement s(db, "INSERT INTO backup_stores VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    const auto sealed = box.seal(v.secret_key);
    s.bind(1, v.name);
    s.bind(2, v.endpoint);
    s.bind(3, v.region);
    s.bind(4, v.bucket);
    s.bind(5, v.prefix);
    s.bind(6, v.access_key);
    s.bind(7, sealed.data(), static_cast<int>(sealed.size()));
    s.bind(8, column(v.created));
    s.exec();
}

std::optional<backup_store> find_backup_store(SQLite::Database& db, const secret_box& box, const std::string& name) {
    SQLite::Statement s(db, std::string(store_columns) + "WHERE name = ?");
    s.bind(1, name);
    if (!s.executeStep()) return std::nullopt;
    auto found = store_from(s);
    const auto sealed = s.getColumn(7);
    const std::string_view bytes(static_cast<const char*>(sealed.getBlob()),
                                 static_cast<std::size_t>(sealed.getBytes()));
    found.secret_key = box.unseal(bytes).value();
    return found;
}

std::vector<backup_store> all_backup_stores(SQLite::Database& db) {
    SQLite::Statement s(db, std::string(store_columns) + "ORDER BY name");
    std::vector<backup_store> found;
    while (s.executeStep())
        found.push_back(store_from(s));
    return found;
}

int users_of_backup_store(SQLite::Database& db, const std::string& name) {
    SQLite::Statement s(db,
                        "SELECT (SELECT count(*) FROM backups WHERE place = ?1) + "
                        "(SELECT count(*) FROM backup_schedules WHERE place = ?1) + "
                        "(SELECT count(*) FROM archives WHERE place = ?1 AND active = 1) + "
                        "(SELECT count(*) FROM archive_bases WHERE place = ?1) + "
                        "(SELECT count(*) FROM archive_segments WHERE place = ?1)");
    s.bind(1, name);
    s.executeStep();
    return s.getColumn(0);
}

void remove_backup_store(SQLite::Database& db, const std::string& name) {
    SQLite::Statement s(db, "DELETE FROM backup_stores WHERE name = ?");
    s.bind(1, name);
    s.exec();
}

}  // namespace gasper::store
