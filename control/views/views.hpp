// What people see of control's values, as JSON. There is one shape of each: the API answers it, and commands print it
// with --json. web/schemas*.cpp say what is in it. Values; any thread. Never a config value, a host path or a password,
// but of an exposure in the answer that makes it.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "core/model/model.hpp"

namespace gasper {
struct backup;
struct backup_store;
struct cron_run;
struct job;
struct job_step;
struct log_entry;
struct volume;
}  // namespace gasper

namespace gasper::store {
struct audit_entry;
struct webhook;
}  // namespace gasper::store

namespace gasper::control {

struct app_metrics;
struct app_view;
struct archive_view;
struct autoscale_view;
struct backup_overview;
struct cron_view;
struct drain_view;
struct exposure_view;
struct identity;
struct instance_view;
struct new_webhook;
struct node_view;
struct one_off;
struct process_view;
struct routing_view;
struct service_view;
struct slow_statement;

nlohmann::json as_json(const identity& who);
nlohmann::json as_json(const ssh_key& key);

nlohmann::json as_json(const app_view& a);
nlohmann::json as_json(const instance_view& i);
nlohmann::json as_json(const log_entry& e);
nlohmann::json as_json(const release& r, bool current);
nlohmann::json as_json(const std::vector<release>& all, release_id current);
nlohmann::json as_json(const build& b);
nlohmann::json as_json(const process_view& v);
nlohmann::json as_json(const autoscale_view& v);
nlohmann::json maintenance_json(const routing_view& r);
nlohmann::json autosleep_json(const routing_view& r);

nlohmann::json as_json(const service_view& v);
nlohmann::json as_json(const slow_statement& s);
nlohmann::json as_json(const exposure_view& v);
nlohmann::json as_json(const backup& b);
nlohmann::json as_json(const backup_overview& o);
nlohmann::json as_json(const archive_view& v);
nlohmann::json as_json(const backup_store& s);

nlohmann::json as_json(const job& j);
nlohmann::json as_json(const job_step& step);
nlohmann::json as_json(const one_off& o);
nlohmann::json as_json(const volume& v);
nlohmann::json as_json(const cron_run& r);
nlohmann::json as_json(const cron_view& v);

nlohmann::json as_json(const drain_view& d);
/// With an address in the place of the URL when it is mail.
nlohmann::json as_json(const store::webhook& w);
/// With the secret, where there is one.
nlohmann::json as_json(const new_webhook& made);

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
