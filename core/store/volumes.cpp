#include "core/store/volumes.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto volume_columns =
    "SELECT v.id, v.name, v.owner, v.created, COALESCE(a.name, ''), COALESCE(m.path, '') FROM volumes v "
    "LEFT JOIN release_mounts m ON m.volume = v.id AND m.release IN (SELECT current FROM apps) "
    "LEFT JOIN apps a ON a.current = m.release ";

volume volume_from(SQLite::Statement& s) {
    return {.id = id_of<volume_id>(s.getColumn(0)),
            .name = s.getColumn(1),
            .owner = id_of<user_id>(s.getColumn(2)),
            .created = time_of(s.getColumn(3)),
            .app = s.getColumn(4),
            .path = s.getColumn(5)};
}

std::vector<volume_mount> mounts_from(SQLite::Statement& s) {
    std::vector<volume_mount> found;
    while (s.executeStep())
        found.push_back({s.getColumn(0), s.getColumn(1)});
    return found;
}

}  // namespace

volume_id add_volume(SQLite::Database& db, const std::string& name, user_id owner) {
    SQLite::Statement s(db, "INSERT INTO volumes (name, owner, created) VALUES (?, ?, ?)");
    s.bind(1, name);
    s.bind(2, owner.value);
    s.bind(3, column(now()));
    s.exec();
    return {db.getLastInsertRowid()};
}

std::optional<volume> find_volume(SQLite::Database& db, const std::string& name) {
    SQLite::Statement s(db, std::string(volume_columns) + "WHERE v.name = ?");
    s.bind(1, name);
    if (!s.executeStep()) return std::nullopt;
    return volume_from(s);
}

std::vector<volume> all_volumes(SQLite::Database& db) {
    SQLite::Statement s(db, std::string(volume_columns) + "ORDER BY v.name");
    std::vector<volume> found;
    while (s.executeStep())
        found.push_back(volume_from(s));
    return found;
}

void remove_volume(SQLite::Database& db, volume_id id) {
    SQLite::Statement s(db, "DELETE FROM volumes WHERE id = ?");
    s.bind(1, id.value);
    s.exec();
}

bool volume_in_use(SQLite::Database& db, volume_id id) {
    SQLite::Statement s(db,
                        "SELECT 1 FROM release_mounts m JOIN releases r ON r.id = m.release WHERE m.volume = ? AND "
                        "(r.state = 'pending' OR r.id IN (SELECT current FROM apps)) LIMIT 1");
    s.bind(1, id.value);
    return s.executeStep();
}

std::vector<volume_mount> mounts_of(SQLite::Database& db, release_id id) {
    SQLite::Statement s(db,
                        "SELECT v.name, m.path FROM release_mounts m JOIN volumes v ON v.id = m.volume "
                        "WHERE m.release = ? ORDER BY m.path");
    s.bind(1, id.value);
    return mounts_from(s);
}

std::vector<volume_mount> mounts_of(SQLite::Database& db, const std::string& app, int version) {
    SQLite::Statement s(db,
                        "SELECT v.name, m.path FROM release_mounts m JOIN volumes v ON v.id = m.volume "
                        "JOIN releases r ON r.id = m.release JOIN apps a ON a.id = r.app "
                        "WHERE a.name = ? AND r.version = ? ORDER BY m.path");
    s.bind(1, app);
    s.bind(2, version);
    return mounts_from(s);
}

std::vector<volume_mount> lost_mounts_of(SQLite::Database& db, release_id id) {
    SQLite::Statement s(db, "SELECT name, path FROM release_mounts WHERE release = ? AND volume IS NULL ORDER BY path");
    s.bind(1, id.value);
    return mounts_from(s);
}

result<> check_mounts(SQLite::Database& db, app_id owner, const std::vector<volume_mount>& mounts) {
    for (const auto& m : mounts) {
        if (!find_volume(db, m.volume))
            return fail(errc::conflict, "volume_gone", "the volume " + m.volume + " is gone");
        SQLite::Statement s(db,
                            "SELECT a.name FROM release_mounts m JOIN volumes v ON v.id = m.volume JOIN releases r ON "
                            "r.id = m.release JOIN apps a ON a.id = r.app WHERE v.name = ? AND a.id <> ? AND "
                            "(r.state = 'pending' OR r.id = a.current) LIMIT 1");
        s.bind(1, m.volume);
        s.bind(2, owner.value);
        if (s.executeStep())
            return fail(errc::conflict, "volume_in_use",
                        m.volume + " is mounted in " + s.getColumn(0).getString() + "; unmount it there first");
    }
    return {};
}

void set_mounts(SQLite::Database& db, release_id id, const std::vector<volume_mount>& mounts) {
    for (const auto& m : mounts) {
        SQLite::Statement s(db,
                            "INSERT INTO release_mounts (release, volume, path, name) SELECT ?, id, ?, name FROM "
                            "volumes WHERE name = ?");
        s.bind(1, id.value);
        s.bind(2, m.path);
        s.bind(3, m.volume);
        s.exec();
    }
}

}  // namespace gasper::store
