// What people said of the machines: whether they take instances, and their labels. What a machine has and runs is the
// engine's to say. Call inside database::transaction or ::read.
#pragma once

#include <map>
#include <string>

#include "core/model/node.hpp"

namespace SQLite {
class Database;
}

namespace gasper::store {

struct node_settings {
    bool draining{false};
    node_labels labels;  // beside those that the node has of itself
    bool operator==(const node_settings&) const = default;
};

/// By the node's name; nodes of which nothing was said are not in it.
std::map<std::string, node_settings> all_node_settings(SQLite::Database& db);
void set_node_settings(SQLite::Database& db, const std::string& name, const node_settings& said);

}  // namespace gasper::store
