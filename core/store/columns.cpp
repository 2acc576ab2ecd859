#include "core/store/columns.hpp"

#include <nlohmann/json.hpp>

namespace gasper::store {

std::string to_column(const process_types& p) {
    return nlohmann::json(p).dump();
}

process_types processes_of(const std::string& json) {
    return nlohmann::json::parse(json).get<process_types>();
}

std::string to_column(const limits& l) {
    return nlohmann::json{
        {"memory", l.memory_bytes}, {"cpus", l.cpus}, {"processes", l.processes}, {"disk", l.disk_bytes}}
        .dump();
}

limits limits_of(const std::string& json) {
    const auto j = nlohmann::json::parse(json);
    const limits normal;
    return {.memory_bytes = j.value("memory", normal.memory_bytes),
            .cpus = j.value("cpus", normal.cpus),
            .processes = j.value("processes", normal.processes),
            .disk_bytes = j.value("disk", normal.disk_bytes)};
}

}  // namespace gasper::store
