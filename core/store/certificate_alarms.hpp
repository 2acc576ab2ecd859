// What was told of certificates, in the store, so that a restart does not tell it again. By whose they are: the key of
// a service's jobs. Call inside database::transaction or ::read.
#pragma once

#include <map>
#include <string>

#include "core/model/certificate_alarm.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

std::map<std::string, certificate_alarm> all_certificate_alarms(SQLite::Database& db);
/// Replaces the one that is there.
void set_certificate_alarm(SQLite::Database& db, const std::string& owner, const certificate_alarm& a);
/// No error when there is none.
void remove_certificate_alarm(SQLite::Database& db, const std::string& owner);

}  // namespace gasper::store
