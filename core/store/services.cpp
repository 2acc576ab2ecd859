#include "core/store/services.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

namespace {

constexpr auto service_columns = "SELECT id, name, kind, version, plan, owner, made, stopped, created FROM services ";
constexpr auto attachment_columns =
    "SELECT t.id, t.service, s.name, t.app, a.name, t.variable, t.user, t.password, t.rights, t.active, t.created "
    "FROM attachments t JOIN services s ON s.id = t.service JOIN apps a ON a.id = t.app ";

service service_from(SQLite::Statement& s) {
    return {.id = id_of<service_id>(s.getColumn(0)),
            .name = s.getColumn(1),
            .kind = s.getColumn(2),
            .version = s.getColumn(3),
            .plan = s.getColumn(4),
            .owner = id_of<user_id>(s.getColumn(5)),
            .made = s.getColumn(6).getInt() != 0,
            .stopped = s.getColumn(7).getInt() != 0,
            .created = time_of(s.getColumn(8))};
}

attachment attachment_from(const secret_box& box, SQLite::Statement& s) {
    const auto sealed = s.getColumn(7);
    return {.id = id_of<attachment_id>(s.getColumn(0)),
            .service = id_of<service_id>(s.getColumn(1)),
            .service_name = s.getColumn(2),
            .app = id_of<app_id>(s.getColumn(3)),
            .app_name = s.getColumn(4),
            .variable = s.getColumn(5),
            .user = s.getColumn(6),
            .password =
                box.unseal({static_cast<const char*>(sealed.getBlob()), static_cast<std::size_t>(sealed.getBytes())})
                    .value(),
            .rights = service_rights_of(s.getColumn(8).getString()).value(),
            .active = s.getColumn(9).getInt() != 0,
            .created = time_of(s.getColumn(10))};
}

template <class Id>
std::optional<service> service_where(SQLite::Database& db, const char* condition, const Id& value) {
    SQLite::Statement s(db, std::string(service_columns) + condition);
    s.bind(1, value);
    if (!s.executeStep()) return std::nullopt;
    return service_from(s);
}

std::vector<attachment> attachments_where(SQLite::Database& db, const secret_box& box, const char* condition,
                                          std::int64_t value) {
    SQLite::Statement s(db, std::string(attachment_columns) + condition);
    s.bind(1, value);
    std::vector<attachment> found;
    while (s.executeStep())
        found.push_back(attachment_from(box, s));
    return found;
}

void bind_secret(SQLite::Statement& s, int at, const secret_box& box, const std::string& plain) {
    const auto sealed = box.seal(plain);
    s.bind(at, sealed.data(), static_cast<int>(sealed.size()));
}

}  // namespace

service_id add_service(SQLite::Database& db, const service& v) {
    SQLite::Statement s(db,
                        "INSERT INTO services (name, kind, version, plan, owner, created) VALUES (?, ?, ?, ?, ?, ?)");
    s.bind(1, v.name);
    s.bind(2, v.kind);
    s.bind(3, v.version);
    s.bind(4, v.plan);
    s.bind(5, v.owner.value);
    s.bind(6, column(now()));
    s.exec();
    return {db.getLastInsertRowid()};
}

std::optional<service> find_service(SQLite::Database& db, const std::string& name) {
    return service_where(db, "WHERE name = ?", name);
}

std::optional<service> find_service(SQLite::Database& db, service_id id) {
    return service_where(db, "WHERE id = ?", id.value);
}

std::vector<service> all_services(SQLite::Database& db) {
    SQLite::Statement s(db, std::string(service_columns) + "ORDER BY name");
    std::vector<service> found;
    while (s.executeStep())
        found.push_back(service_from(s));
    return found;
}

void update_service(SQLite::Database& db, const service& v) {
    SQLite::Statement s(db, "UPDATE services SET version = ?, plan = ?, made = ?, stopped = ? WHERE id = ?");
    s.bind(1, v.version);
    s.bind(2, v.plan);
    s.bind(3, v.made ? 1 : 0);
    s.bind(4, v.stopped ? 1 : 0);
    s.bind(5, v.id.value);
    s.exec();
}

void remove_service(SQLite::Database& db, service_id id) {
    SQLite::Statement s(db, "DELETE FROM services WHERE id = ?");
    s.bind(1, id.value);
    s.exec();
}

attachment_id add_attachment(SQLite::Database& db, const secret_box& box, const attachment& a) {
    SQLite::Statement s(db,
                        "INSERT INTO attachments (service, app, variable, user, password, rights, active, created) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    s.bind(1, a.service.value);
    s.bind(2, a.app.value);
    s.bind(3, a.variable);
    s.bind(4, a.user);
    bind_secret(s, 5, box, a.password);
    s.bind(6, std::string(to_string(a.rights)));
    s.bind(7, a.active ? 1 : 0);
    s.bind(8, column(now()));
    s.exec();
    return {db.getLastInsertRowid()};
}

std::optional<attachment> find_attachment(SQLite::Database& db, const secret_box& box, attachment_id id) {
    auto found = attachments_where(db, box, "WHERE t.id = ?", id.value);
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

std::vector<attachment> attachments_of(SQLite::Database& db, const secret_box& box, service_id id) {
    return attachments_where(db, box, "WHERE t.service = ? ORDER BY a.name, t.variable", id.value);
}

std::vector<attachment> attachments_of(SQLite::Database& db, const secret_box& box, app_id id) {
    return attachments_where(db, box, "WHERE t.app = ? ORDER BY t.variable", id.value);
}

void update_attachment(SQLite::Database& db, const secret_box& box, const attachment& a) {
    SQLite::Statement s(
        db, "UPDATE attachments SET variable = ?, user = ?, password = ?, rights = ?, active = ? WHERE id = ?");
    s.bind(1, a.variable);
    s.bind(2, a.user);
    bind_secret(s, 3, box, a.password);
    s.bind(4, std::string(to_string(a.rights)));
    s.bind(5, a.active ? 1 : 0);
    s.bind(6, a.id.value);
    s.exec();
}

void remove_attachment(SQLite::Database& db, attachment_id id) {
    SQLite::Statement s(db, "DELETE FROM attachments WHERE id = ?");
    s.bind(1, id.value);
    s.exec();
}

void mark_service_variables(SQLite::Database& db, release_id id, app_id app) {
    SQLite::Statement s(db,
                        "INSERT OR IGNORE INTO release_services (release, variable) "
                        "SELECT ?, variable FROM attachments WHERE app = ?");
    s.bind(1, id.value);
    s.bind(2, app.value);
    s.exec();
}

std::vector<std::string> service_variables_of(SQLite::Database& db, release_id id) {
    SQLite::Statement s(db, "SELECT variable FROM release_services WHERE release = ? ORDER BY variable");
    s.bind(1, id.value);
    std::vector<std::string> found;
    while (s.executeStep())
        found.push_back(s.getColumn(0));
    return found;
}

}  // namespace gasper::store
