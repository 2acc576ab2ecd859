// Services that are reached from outside, in the store: at most one way for each, and a port for one of them. What is
// secret stands there sealed. Call inside database::transaction or ::read.
#pragma once

#include <optional>
#include <vector>

#include "core/base/crypto.hpp"
#include "core/model/service.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

void add_exposure(SQLite::Database& db, const secret_box& box, const exposure& e);
std::optional<exposure> find_exposure(SQLite::Database& db, const secret_box& box, service_id id);
/// By name.
std::vector<exposure> all_exposures(SQLite::Database& db, const secret_box& box);
/// Of the service that has this port; empty: none.
std::string exposed_at(SQLite::Database& db, std::uint16_t port);
/// Port and networks are written.
void update_exposure(SQLite::Database& db, const exposure& e);
/// Certificate and key are written.
void set_certificate(SQLite::Database& db, const secret_box& box, const exposure& e);
void remove_exposure(SQLite::Database& db, service_id id);

/// Who is to be a user of a service's server: those of its attachments and of its exposure.
std::vector<attachment> users_of(SQLite::Database& db, const secret_box& box, service_id id);

}  // namespace gasper::store
