#include "control/apps.hpp"

#include "control/autoscaling.hpp"
#include "control/formations.hpp"
#include "control/routings.hpp"
#include "control/views/times.hpp"
#include "control/views/views.hpp"
#include "core/logs/entry.hpp"

namespace gasper::control {

namespace {

using nlohmann::json;

json check_json(const health_check& h) {
    using probe = health_check::probe;
    return {{"path", h.kind == probe::http ? json(h.path) : json(nullptr)},
            {"command", h.kind == probe::command ? json(h.command) : json(nullptr)},
            {"interval", h.interval.count()},
            {"timeout", h.timeout.count()},
            {"attempts", h.retries},
            {"start_deadline", h.start_deadline.count()}};
}

}  // namespace

json as_json(const identity& who) {
    return {{"id", who.id.value}, {"name", who.name}, {"admin", who.admin}};
}

json as_json(const ssh_key& key) {
    return {{"id", key.id.value},
            {"name", key.name},
            {"fingerprint", key.fingerprint},
            {"key", key.line},
            {"created", to_rfc3339(key.created)}};
}

json as_json(const app_view& a) {
    return {{"name", a.info.name},
            {"state", a.state},
            {"language", a.info.language},
            {"release", a.version},
            {"released", time_or_null(a.released)},
            {"urls", a.urls},
            {"git_url", a.git_url},
            {"formation", a.info.wanted},
            {"created", to_rfc3339(a.info.created)}};
}

json as_json(const instance_view& i) {
    return {{"name", i.name},       {"command", i.command}, {"state", i.state},
            {"release", i.version}, {"node", i.node},       {"since", to_rfc3339(i.since)}};
}

json as_json(const log_entry& e) {
    return {{"sequence", e.sequence},
            {"at", to_rfc3339(std::chrono::floor<std::chrono::milliseconds>(e.at))},
            {"source", e.source},
            {"stream", e.error ? "stderr" : "stdout"},
            {"text", e.text}};
}

json as_json(const release& r, bool current) {
    json names = json::array();
    for (const auto& [name, value] : r.config)
        names.push_back(name);
    return {{"version", r.version},
            {"description", r.description},
            {"commit", r.commit},
            {"build", r.build ? json(r.build.value) : json(nullptr)},
            {"user", r.user},
            {"state", to_string(r.state)},
            {"reason", r.reason},
            {"current", current},
            {"processes", r.processes},
            {"config_names", std::move(names)},
            {"created", to_rfc3339(r.created)}};
}

json as_json(const std::vector<release>& all, release_id current) {
    auto out = json::array();
    for (const auto& r : all)
        out.push_back(as_json(r, r.id == current));
    return out;
}

json as_json(const build& b) {
    return {{"id", b.id.value},
            {"job", b.job ? json(b.job.value) : json(nullptr)},
            {"commit", b.commit},
            {"buildpack", b.buildpack},
            {"state", to_string(b.state)},
            {"reason", b.reason},
            {"created", to_rfc3339(b.created)},
            {"finished", time_or_null(b.finished)}};
}

json as_json(const process_view& v) {
    return {{"process", v.process},
            {"command", v.command},
            {"quantity", v.quantity},
            {"up", v.up},
            {"memory", v.rules.limit.memory_bytes},
            {"cpus", v.rules.limit.cpus},
            {"processes", v.rules.limit.processes},
            {"disk", v.rules.limit.disk_bytes},
            {"reserved_memory", v.rules.reserved_memory},
            {"reserved_cpus", v.rules.reserved_cpus},
            {"nodes", v.rules.nodes},
            {"exclusive", v.rules.exclusive},
            {"stop_timeout", v.rules.stop_timeout.count()},
            {"check", check_json(v.rules.health)}};
}

json as_json(const autoscale_view& v) {
    return {{"process", v.process},    {"min", v.rule.least},
            {"max", v.rule.most},      {"signal", to_string(v.rule.signal)},
            {"target", v.rule.target}, {"cooldown", v.rule.cooldown.count()},
            {"quantity", v.quantity},  {"load", v.load ? json(*v.load) : json(nullptr)}};
}

json maintenance_json(const routing_view& r) {
    return {{"on", r.maintenance}, {"page", r.page}};
}

json autosleep_json(const routing_view& r) {
    return {{"after_seconds", r.sleep_after.count()}, {"stop_after_seconds", r.stop_after.count()}, {"state", r.sleep}};
}

}  // namespace gasper::control
