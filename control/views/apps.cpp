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
