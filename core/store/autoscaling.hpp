// The rules by which process types are scaled. Call inside database::transaction or ::read.
#pragma once

#include <map>
#include <string>

#include "core/model/autoscaling.hpp"
#include "core/model/id.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

/// Process type → its rule.
using autoscale_rules = std::map<std::string, autoscale_rule>;

autoscale_rules autoscale_rules_of(SQLite::Database& db, app_id id);
std::map<app_id, autoscale_rules> all_autoscale_rules(SQLite::Database& db);
void set_autoscale_rule(SQLite::Database& db, app_id id, const std::string& process, const autoscale_rule& rule);
/// False when there was none.
bool remove_autoscale_rule(SQLite::Database& db, app_id id, const std::string& process);

}  // namespace gasper::store
