#include "core/store/certificate_alarms.hpp"

#include "core/store/columns.hpp"

namespace gasper::store {

std::map<std::string, certificate_alarm> all_certificate_alarms(SQLite::Database& db) {
    SQLite::Statement s(db, "SELECT owner, certificate, ending, refused FROM certificate_alarms");
    std::map<std::string, certificate_alarm> all;
    while (s.executeStep())
        all[s.getColumn(0).getString()] = {.certificate = s.getColumn(1).getString(),
                                           .ending = s.getColumn(2).getInt() != 0,
                                           .refused = s.getColumn(3).getString()};
    return all;
}

void set_certificate_alarm(SQLite::Database& db, const std::string& owner, const certificate_alarm& a) {
    SQLite::Statement s(db,
                        "INSERT OR REPLACE INTO certificate_alarms (owner, certificate, ending, refused) "
                        "VALUES (?, ?, ?, ?)");
    s.bind(1, owner);
    s.bind(2, a.certificate);
    s.bind(3, a.ending ? 1 : 0);
    s.bind(4, a.refused);
    s.exec();
}

void remove_certificate_alarm(SQLite::Database& db, const std::string& owner) {
    SQLite::Statement s(db, "DELETE FROM certificate_alarms WHERE owner = ?");
    s.bind(1, owner);
    s.exec();
}

}  // namespace gasper::store
