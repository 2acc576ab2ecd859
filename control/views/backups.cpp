#include "control/backups/backups.hpp"

#include "control/backups/stores.hpp"
#include "control/views/times.hpp"
#include "control/views/views.hpp"

namespace gasper::control {

namespace {

using nlohmann::json;

json spans_json(const std::vector<coverage>& covered) {
    auto out = json::array();
    for (const auto& span : covered)
        out.push_back({{"from", to_rfc3339(span.from)}, {"until", to_rfc3339(span.until)}});
    return out;
}

}  // namespace

json as_json(const backup& b) {
    return {{"id", b.id.value},
            {"service", b.service_name},
            {"kind", b.kind},
            {"version", b.version},
            {"place", b.place},
            {"origin", b.origin},
            {"state", to_string(b.state)},
            {"verified", time_or_null(b.verified)},
            {"problem", b.problem},
            {"size_bytes", b.size},
            {"dump_bytes", b.dump_size},
            {"created", to_rfc3339(b.created)}};
}

json as_json(const backup_overview& o) {
    json schedule;
    if (o.schedule)
        schedule = {{"schedule", o.schedule->schedule},
                    {"zone", o.schedule->zone},
                    {"keep", o.schedule->keep},
                    {"place", o.schedule->place},
                    {"next", time_or_null(o.next)}};
    return {{"backups", as_json(o.all)},
            {"schedule", std::move(schedule)},
            {"archive", o.archive ? as_json(*o.archive) : json(nullptr)},
            {"alarm", o.alarm}};
}

json as_json(const archive_view& v) {
    return {{"service", v.info.service_name},
            {"on", v.on()},
            {"place", v.info.place},
            {"keep", v.info.keep},
            {"covered", spans_json(v.covered)},
            {"base", time_or_null(v.base)},
            {"segment", time_or_null(v.segment)},
            {"size_bytes", v.size},
            {"alarm", v.alarm}};
}

json as_json(const backup_store& s) {
    return {{"name", s.name},     {"url", url_of(s)},   {"endpoint", s.endpoint},          {"region", s.region},
            {"bucket", s.bucket}, {"prefix", s.prefix}, {"created", to_rfc3339(s.created)}};
}

}  // namespace gasper::control
