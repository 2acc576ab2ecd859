// What people see of control's values, as JSON. There is one shape of each: the API answers it, and commands print it
// with --json. web/schemas*.cpp say what is in it. Values; any thread. Never a config value, a host path or a password,
// but of an exposure in the answer that makes it.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

namespace gasper {
struct backup;
struct backup_store;
}  // namespace gasper

namespace gasper::store {
struct audit_entry;
}

namespace gasper::control {

struct app_metrics;
struct archive_view;
struct backup_overview;
struct exposure_view;
struct node_view;
struct service_view;
struct slow_statement;

nlohmann::json as_json(const service_view& v);
nlohmann::json as_json(const slow_statement& s);
nlohmann::json as_json(const exposure_view& v);
nlohmann::json as_json(const backup& b);
nlohmann::json as_json(const backup_overview& o);
nlohmann::json as_json(const archive_view& v);
nlohmann::json as_json(const backup_store& s);

nlohmann::json as_json(const node_view& n);
nlohmann::json as_json(const app_metrics& m);
nlohmann::json as_json(const store::audit_entry& e);

/// The same of each, in its order.
template <class T>
nlohmann::json as_json(const std::vector<T>& all) {
    auto out = nlohmann::json::array();
    for (const auto& each : all)
        out.push_back(as_json(each));
    return out;
}

}  // namespace gasper::control
