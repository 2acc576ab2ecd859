#include "core/store/archives.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto archive_columns =
    "SELECT id, service, service_name, owner, kind, plan, place, keep, active, run, problem, failing, told, "
    "base_problem, base_tried, created FROM archives ";
constexpr auto base_columns =
    "SELECT id, archive, run, version, place, object, first, last, begins, size, full_size, verified, created "
    "FROM archive_bases ";
constexpr auto segment_columns =
    "SELECT archive, run, number, name, place, object, until, size, full_size FROM archive_segments ";

archive archive_from(SQLite::Statement& s) {
    return {.id = id_of<archive_id>(s.getColumn(0)),
            .service = id_of<service_id>(s.getColumn(1)),
            .service_name = s.getColumn(2),
            .owner = id_of<user_id>(s.getColumn(3)),
            .kind = s.getColumn(4),
            .plan = s.getColumn(5),
            .place = s.getColumn(6),
            .keep = s.getColumn(7).getInt(),
            .on = s.getColumn(8).getInt() != 0,
            .run = s.getColumn(9),
            .problem = s.getColumn(10),
            .failing = time_of(s.getColumn(11)),
            .told = time_of(s.getColumn(12)),
            .base_problem = s.getColumn(13),
            .base_tried = time_of(s.getColumn(14)),
            .created = time_of(s.getColumn(15))};
}

archive_base base_from(SQLite::Statement& s) {
    archive_base b{.id = id_of<archive_base_id>(s.getColumn(0)),
                   .archive = id_of<archive_id>(s.getColumn(1)),
                   .run = s.getColumn(2),
                   .version = s.getColumn(3),
                   .place = s.getColumn(4),
                   .object = s.getColumn(5),
                   .first = s.getColumn(6).getInt64(),
                   .last = s.getColumn(7).getInt64(),
                   .begins = time_of(s.getColumn(8)),
                   .size = s.getColumn(9).getInt64(),
                   .full_size = s.getColumn(10).getInt64(),
                   .verified = std::nullopt,
                   .created = time_of(s.getColumn(12))};
    if (!s.getColumn(11).isNull()) b.verified = time_of(s.getColumn(11));
    return b;
}

archive_segment segment_from(SQLite::Statement& s) {
    return {.archive = id_of<archive_id>(s.getColumn(0)),
            .run = s.getColumn(1),
            .number = s.getColumn(2).getInt64(),
            .name = s.getColumn(3),
            .place = s.getColumn(4),
            .object = s.getColumn(5),
            .until = time_of(s.getColumn(6)),
            .size = s.getColumn(7).getInt64(),
            .full_size = s.getColumn(8).getInt64()};
}

std::vector<archive> archives_by(SQLite::Statement& s) {
    std::vector<archive> found;
    while (s.executeStep())
        found.push_back(archive_from(s));
    return found;
}

}  // namespace

archive_id add_archive(SQLite::Database& db, const archive& a) {
    SQLite::Statement s(db,
                        "INSERT INTO archives (service, service_name, owner, kind, plan, place, keep, active, run, "
                        "problem, failing, told, base_problem, base_tried, created) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, 0, '', 0, ?)");
    bind_id(s, 1, a.service);
    s.bind(2, a.service_name);
    bind_id(s, 3, a.owner);
    s.bind(4, a.kind);
    s.bind(5, a.plan);
    s.bind(6, a.place);
    s.bind(7, a.keep);
    s.bind(8, a.on ? 1 : 0);
    s.bind(9, a.run);
    s.bind(10, column(a.created));
    s.exec();
    return {db.getLastInsertRowid()};
}

std::optional<archive> find_archive(SQLite::Database& db, archive_id id) {
    SQLite::Statement s(db, std::string(archive_columns) + "WHERE id = ?");
    s.bind(1, id.value);
    if (!s.executeStep()) return std::nullopt;
    return archive_from(s);
}

std::optional<archive> archive_of(SQLite::Database& db, service_id id) {
    SQLite::Statement s(db, std::string(archive_columns) + "WHERE service = ?");
    s.bind(1, id.value);
    if (!s.executeStep()) return std::nullopt;
    return archive_from(s);
}

std::vector<archive> archives_named(SQLite::Database& db, const std::string& service) {
    SQLite::Statement s(db, std::string(archive_columns) + "WHERE service_name = ? ORDER BY id DESC");
    s.bind(1, service);
    return archives_by(s);
}

std::vector<archive> all_archives(SQLite::Database& db) {
    SQLite::Statement s(db, std::string(archive_columns) + "ORDER BY id");
    return archives_by(s);
}

void update_archive(SQLite::Database& db, const archive& a) {
    SQLite::Statement s(db,
                        "UPDATE archives SET plan = ?, place = ?, keep = ?, active = ?, run = ?, problem = ?, "
                        "failing = ?, told = ?, base_problem = ?, base_tried = ? WHERE id = ?");
    s.bind(1, a.plan);
    s.bind(2, a.place);
    s.bind(3, a.keep);
    s.bind(4, a.on ? 1 : 0);
    s.bind(5, a.run);
    s.bind(6, a.problem);
    s.bind(7, column(a.failing));
    s.bind(8, column(a.told));
    s.bind(9, a.base_problem);
    s.bind(10, column(a.base_tried));
    s.bind(11, a.id.value);
    s.exec();
}

void remove_archive(SQLite::Database& db, archive_id id) {
    SQLite::Statement s(db, "DELETE FROM archives WHERE id = ?");
    s.bind(1, id.value);
    s.exec();
}

archive_base_id add_archive_base(SQLite::Database& db, const archive_base& b) {
    SQLite::Statement s(db,
                        "INSERT INTO archive_bases (archive, run, version, place, object, first, last, begins, size, "
                        "full_size, created) VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0, ?)");
    s.bind(1, b.archive.value);
    s.bind(2, b.run);
    s.bind(3, b.version);
    s.bind(4, b.place);
    s.bind(5, b.object);
    s.bind(6, column(b.created));
    s.exec();
    return {db.getLastInsertRowid()};
}

std::optional<archive_base> find_archive_base(SQLite::Database& db, archive_base_id id) {
    SQLite::Statement s(db, std::string(base_columns) + "WHERE id = ?");
    s.bind(1, id.value);
    if (!s.executeStep()) return std::nullopt;
    return base_from(s);
}

std::vector<archive_base> bases_of(SQLite::Database& db, archive_id id) {
    SQLite::Statement s(db, std::string(base_columns) + "WHERE archive = ? ORDER BY begins, id");
    s.bind(1, id.value);
    std::vector<archive_base> found;
    while (s.executeStep())
        found.push_back(base_from(s));
    return found;
}

void update_archive_base(SQLite::Database& db, const archive_base& b) {
    SQLite::Statement s(db,
                        "UPDATE archive_bases SET first = ?, last = ?, begins = ?, size = ?, full_size = ?, "
                        "verified = ? WHERE id = ?");
    s.bind(1, b.first);
    s.bind(2, b.last);
    s.bind(3, column(b.begins));
    s.bind(4, b.size);
    s.bind(5, b.full_size);
    if (b.verified)
        s.bind(6, column(*b.verified));
    else
        s.bind(6);
    s.bind(7, b.id.value);
    s.exec();
}

void remove_archive_base(SQLite::Database& db, archive_base_id id) {
    SQLite::Statement s(db, "DELETE FROM archive_bases WHERE id = ?");
    s.bind(1, id.value);
    s.exec();
}

void put_archive_segment(SQLite::Database& db, const archive_segment& v) {
    SQLite::Statement s(db,
                        "INSERT OR REPLACE INTO archive_segments (archive, run, number, name, place, object, until, "
                        "size, full_size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    s.bind(1, v.archive.value);
    s.bind(2, v.run);
    s.bind(3, v.number);
    s.bind(4, v.name);
    s.bind(5, v.place);
    s.bind(6, v.object);
    s.bind(7, column(v.until));
    s.bind(8, v.size);
    s.bind(9, v.full_size);
    s.exec();
}

std::vector<archive_segment> segments_of(SQLite::Database& db, archive_id id) {
    SQLite::Statement s(db, std::string(segment_columns) + "WHERE archive = ? ORDER BY run, number");
    s.bind(1, id.value);
    std::vector<archive_segment> found;
    while (s.executeStep())
        found.push_back(segment_from(s));
    return found;
}

std::optional<archive_segment> find_archive_segment(SQLite::Database& db, archive_id id, const std::string& run,
                                                    std::int64_t number) {
    SQLite::Statement s(db, std::string(segment_columns) + "WHERE archive = ? AND run = ? AND number = ?");
    s.bind(1, id.value);
    s.bind(2, run);
    s.bind(3, number);
    if (!s.executeStep()) return std::nullopt;
    return segment_from(s);
}

std::optional<archive_segment> newest_segment(SQLite::Database& db, archive_id id, const std::string& run) {
    SQLite::Statement s(db,
                        std::string(segment_columns) + "WHERE archive = ? AND run = ? ORDER BY number DESC LIMIT 1");
    s.bind(1, id.value);
    s.bind(2, run);
    if (!s.executeStep()) return std::nullopt;
    return segment_from(s);
}

void remove_archive_segment(SQLite::Database& db, const archive_segment& v) {
    SQLite::Statement s(db, "DELETE FROM archive_segments WHERE archive = ? AND run = ? AND number = ?");
    s.bind(1, v.archive.value);
    s.bind(2, v.run);
    s.bind(3, v.number);
    s.exec();
}

}  // namespace gasper::store
