#include "core/store/exposures.hpp"

#include "core/store/columns.hpp"
#include "core/store/services.hpp"

namespace gasper::store {

namespace {

constexpr auto exposure_columns =
    "SELECT e.service, s.name, e.port, e.allowed, e.user, e.password, e.rights, e.certificate, e.key, e.created "
    "FROM exposures e JOIN services s ON s.id = e.service ";

std::string text_unsealed(const secret_box& box, const SQLite::Column& c) {
    return box.unseal({static_cast<const char*>(c.getBlob()), static_cast<std::size_t>(c.getBytes())}).value();
}

void bind_sealed(SQLite::Statement& s, int at, const secret_box& box, const std::string& plain) {
    const auto sealed = box.seal(plain);
    s.bind(at, sealed.data(), static_cast<int>(sealed.size()));
}

exposure exposure_from(const secret_box& box, SQLite::Statement& s) {
    return {.service = id_of<service_id>(s.getColumn(0)),
            .service_name = s.getColumn(1),
            .port = static_cast<std::uint16_t>(s.getColumn(2).getInt()),
            .allowed = s.getColumn(3),
            .user = s.getColumn(4),
            .password = text_unsealed(box, s.getColumn(5)),
            .rights = service_rights_of(s.getColumn(6).getString()).value(),
            .certificate = text_unsealed(box, s.getColumn(7)),
            .key = text_unsealed(box, s.getColumn(8)),
            .created = time_of(s.getColumn(9))};
}

}  // namespace

void add_exposure(SQLite::Database& db, const secret_box& box, const exposure& e) {
    SQLite::Statement s(db,
                        "INSERT INTO exposures (service, port, allowed, user, password, rights, certificate, key, "
                        "created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    s.bind(1, e.service.value);
    s.bind(2, static_cast<int>(e.port));
    s.bind(3, e.allowed);
    s.bind(4, e.user);
    bind_sealed(s, 5, box, e.password);
    s.bind(6, std::string(to_string(e.rights)));
    bind_sealed(s, 7, box, e.certificate);
    bind_sealed(s, 8, box, e.key);
    s.bind(9, column(gasper::now()));
    s.exec();
}

std::optional<exposure> find_exposure(SQLite::Database& db, const secret_box& box, service_id id) {
    SQLite::Statement s(db, std::string(exposure_columns) + "WHERE e.service = ?");
    s.bind(1, id.value);
    if (!s.executeStep()) return std::nullopt;
    return exposure_from(box, s);
}

std::vector<exposure> all_exposures(SQLite::Database& db, const secret_box& box) {
    SQLite::Statement s(db, std::string(exposure_columns) + "ORDER BY s.name");
    std::vector<exposure> found;
    while (s.executeStep())
        found.push_back(exposure_from(box, s));
    return found;
}

std::string exposed_at(SQLite::Database& db, std::uint16_t port) {
    SQLite::Statement s(db, "SELECT s.name FROM exposures e JOIN services s ON s.id = e.service WHERE e.port = ?");
    s.bind(1, static_cast<int>(port));
    return s.executeStep() ? s.getColumn(0).getString() : std::string();
}

void update_exposure(SQLite::Database& db, const exposure& e) {
    SQLite::Statement s(db, "UPDATE exposures SET port = ?, allowed = ? WHERE service = ?");
    s.bind(1, static_cast<int>(e.port));
    s.bind(2, e.allowed);
    s.bind(3, e.service.value);
    s.exec();
}

void set_certificate(SQLite::Database& db, const secret_box& box, const exposure& e) {
    SQLite::Statement s(db, "UPDATE exposures SET certificate = ?, key = ? WHERE service = ?");
    bind_sealed(s, 1, box, e.certificate);
    bind_sealed(s, 2, box, e.key);
    s.bind(3, e.service.value);
    s.exec();
}

void remove_exposure(SQLite::Database& db, service_id id) {
    SQLite::Statement s(db, "DELETE FROM exposures WHERE service = ?");
    s.bind(1, id.value);
    s.exec();
}

std::vector<attachment> users_of(SQLite::Database& db, const secret_box& box, service_id id) {
    auto all = attachments_of(db, box, id);
    if (const auto e = find_exposure(db, box, id)) {
        attachment outsider;
        outsider.service = id;
        outsider.service_name = e->service_name;
        outsider.user = e->user;
        outsider.password = e->password;
        outsider.rights = e->rights;
        all.push_back(std::move(outsider));
    }
    return all;
}

}  // namespace gasper::store
