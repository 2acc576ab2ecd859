#include "core/store/nodes.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

namespace gasper::store {

std::map<std::string, node_settings> all_node_settings(SQLite::Database& db) {
    SQLite::Statement s(db, "SELECT name, draining, labels FROM nodes");
    std::map<std::string, node_settings> all;
    while (s.executeStep())
        all[s.getColumn(0).getString()] = {
            .draining = s.getColumn(1).getInt() != 0,
            .labels = nlohmann::json::parse(s.getColumn(2).getString()).get<node_labels>()};
    return all;
}

void set_node_settings(SQLite::Database& db, const std::string& name, const node_settings& said) {
    SQLite::Statement s(db,
                        "INSERT INTO nodes (name, draining, labels) VALUES (?, ?, ?) "
                        "ON CONFLICT (name) DO UPDATE SET draining = excluded.draining, labels = excluded.labels");
    s.bind(1, name);
    s.bind(2, said.draining ? 1 : 0);
    s.bind(3, nlohmann::json(said.labels).dump());
    s.exec();
}

}  // namespace gasper::store
