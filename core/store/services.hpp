// Services and their attachments in the store. Passwords stand there sealed. Call inside database::transaction or
// ::read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/crypto.hpp"
#include "core/model/service.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

service_id add_service(SQLite::Database& db, const service& s);
std::optional<service> find_service(SQLite::Database& db, const std::string& name);
std::optional<service> find_service(SQLite::Database& db, service_id id);
/// By name.
std::vector<service> all_services(SQLite::Database& db);
/// Its kind stays what it is: version, plan, made and stopped are written.
void update_service(SQLite::Database& db, const service& s);
/// With its attachments.
void remove_service(SQLite::Database& db, service_id id);

attachment_id add_attachment(SQLite::Database& db, const secret_box& box, const attachment& a);
std::optional<attachment> find_attachment(SQLite::Database& db, const secret_box& box, attachment_id id);
/// Of a service, by app and variable.
std::vector<attachment> attachments_of(SQLite::Database& db, const secret_box& box, service_id id);
/// Of an app, by variable.
std::vector<attachment> attachments_of(SQLite::Database& db, const secret_box& box, app_id id);
/// Variable, user, password, rights and active are written.
void update_attachment(SQLite::Database& db, const secret_box& box, const attachment& a);
void remove_attachment(SQLite::Database& db, attachment_id id);

/// Writes down which variables of a release its attachments gave it, so that a rollback leaves them out.
void mark_service_variables(SQLite::Database& db, release_id id, app_id app);
std::vector<std::string> service_variables_of(SQLite::Database& db, release_id id);

}  // namespace gasper::store
