#include "control/services/services.hpp"

#include <sstream>

#include "control/services/exposing.hpp"
#include "control/views/times.hpp"
#include "control/views/views.hpp"

namespace gasper::control {

namespace {

using nlohmann::json;

json attachments_json(const std::vector<attachment>& all) {
    auto out = json::array();
    for (const auto& a : all)
        out.push_back({{"app", a.app_name},
                       {"variable", a.variable},
                       {"user", a.user},
                       {"rights", to_string(a.rights)},
                       {"active", a.active}});
    return out;
}

json stats_json(const service_stats& s) {
    return {{"version", s.version},
            {"size_bytes", s.size_bytes},
            {"connections", s.connections},
            {"max_connections", s.max_connections},
            {"hit_ratio", s.hit_ratio ? json(*s.hit_ratio) : json(nullptr)},
            {"slow_queries", s.slow_queries}};
}

json kept_json(const upgrade& kept) {
    return {{"version", kept.before}, {"size_bytes", kept.size}, {"upgraded", to_rfc3339(kept.created)}};
}

json exposed_json(const service_view& v) {
    if (!v.exposed) return nullptr;
    return {{"port", v.exposed->port}, {"allowed", v.exposed->allowed}, {"valid_until", time_or_null(v.exposed_until)}};
}

json networks_json(const std::string& allowed) {
    auto out = json::array();
    std::istringstream all(allowed);
    for (std::string one; std::getline(all, one, ',');)
        out.push_back(one);
    return out;
}

}  // namespace

json as_json(const service_view& v) {
    return {{"name", v.info.name},
            {"kind", v.info.kind},
            {"stats", v.stats ? stats_json(*v.stats) : json(nullptr)},
            {"title", v.title},
            {"version", v.info.version},
            {"plan", v.info.plan},
            {"state", v.state},
            {"host", v.host},
            {"port", v.port},
            {"address", v.address.empty() ? json(nullptr) : json(v.address)},
            {"memory_bytes", v.memory_bytes},
            {"memory_limit_bytes", v.limit.memory_bytes},
            {"disk_bytes", v.disk_bytes},
            {"disk_limit_bytes", v.disk_limit_bytes},
            {"attachments", attachments_json(v.attachments)},
            {"backed_up", time_or_null(v.backed_up)},
            {"archive", v.archive ? as_json(*v.archive) : json(nullptr)},
            {"kept", v.kept ? kept_json(*v.kept) : json(nullptr)},
            {"exposed", exposed_json(v)},
            {"created", to_rfc3339(v.info.created)}};
}

json as_json(const slow_statement& s) {
    return {{"statement", s.text}, {"calls", s.calls}, {"longest_ms", s.longest_ms}, {"mean_ms", s.mean_ms}};
}

json as_json(const exposure_view& v) {
    return {{"service", v.info.service_name},
            {"host", v.host},
            {"port", v.info.port},
            {"allowed", networks_json(v.info.allowed)},
            {"user", v.info.user},
            {"rights", to_string(v.info.rights)},
            {"url", v.url.empty() ? json(nullptr) : json(v.url)},
            {"certificate", v.info.certificate},
            {"fingerprint", v.fingerprint},
            {"valid_until", time_or_null(v.valid_until)},
            {"note", v.note},
            {"open", v.open},
            {"connections", v.connections},
            {"created", to_rfc3339(v.info.created)}};
}

}  // namespace gasper::control
