#include "control/cron.hpp"
#include "control/job_views.hpp"
#include "control/one_off_registry.hpp"
#include "control/views/times.hpp"
#include "control/views/views.hpp"
#include "core/model/volume.hpp"

namespace gasper::control {

namespace {

using nlohmann::json;

json number_or_null(job_id id) {
    return id ? json(id.value) : json(nullptr);
}

}  // namespace

json as_json(const job& j) {
    return {{"id", j.id.value},
            {"parent", number_or_null(j.parent)},
            {"kind", j.kind},
            {"app", j.app()},
            {"key", j.key},
            {"state", to_string(j.state)},
            {"step", j.step},
            {"reason", j.reason},
            {"user", j.user},
            {"created", to_rfc3339(j.created)},
            {"finished", time_or_null(j.finished)}};
}

json as_json(const job_step& step) {
    return {{"name", step.name},
            {"state", to_string(step.state)},
            {"begun", to_rfc3339(step.begun)},
            {"ended", time_or_null(step.ended)}};
}

json as_json(const one_off& o) {
    return {{"name", o.name},       {"command", o.command},         {"user", o.user},
            {"release", o.version}, {"job", number_or_null(o.job)}, {"since", to_rfc3339(o.since)}};
}

json as_json(const volume& v) {
    json mounted;
    if (!v.app.empty()) mounted = {{"app", v.app}, {"path", v.path}};
    return {{"name", v.name}, {"mounted", std::move(mounted)}, {"created", to_rfc3339(v.created)}};
}

json as_json(const cron_run& r) {
    return {{"scheduled", to_rfc3339(r.scheduled)}, {"outcome", r.outcome}, {"job", number_or_null(r.job)}};
}

json as_json(const cron_view& v) {
    const auto& line = v.entry.line;
    return {{"id", v.entry.id.value},
            {"schedule", line.schedule},
            {"timezone", line.zone},
            {"command", line.command},
            {"concurrency", to_string(line.overlap)},
            {"source", v.entry.from_file ? "app.json" : "command"},
            {"next", time_or_null(v.next)},
            {"last", v.last ? as_json(*v.last) : json(nullptr)}};
}

}  // namespace gasper::control
