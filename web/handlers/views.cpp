#include "web/handlers/views.hpp"

#include <nlohmann/json.hpp>

#include "control/views/views.hpp"
namespace gasper::web::handlers {

namespace {

using nlohmann::json;

json time_or_null(sys_time at) {
    return at == sys_time{} ? json(nullptr) : json(to_rfc3339(at));
}

}  // namespace

response json_response(int status, const json& body) {
    response out;
    out.status = status;
    out.fields.set("Content-Type", "application/json");
    out.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
    return out;
}

json view(const control::identity& who) {
    return {{"id", who.id.value}, {"name", who.name}, {"admin", who.admin}};
}

json view(const ssh_key& key) {
    return {{"id", key.id.value},
            {"name", key.name},
            {"fingerprint", key.fingerprint},
            {"key", key.line},
            {"created", to_rfc3339(key.created)}};
}

json view(const control::app_view& app, const release* current) {
    return {{"name", app.info.name},
            {"state", app.state},
            {"language", app.info.language},
            {"release", app.version},
            {"released", current ? time_or_null(current->created) : json(nullptr)},
            {"urls", app.urls},
            {"git_url", app.git_url},
            {"formation", app.info.wanted},
            {"created", to_rfc3339(app.info.created)}};
}

json view(const control::instance_view& instance) {
    return {{"name", instance.name},       {"command", instance.command}, {"state", instance.state},
            {"release", instance.version}, {"node", instance.node},       {"since", to_rfc3339(instance.since)}};
}

json view(const log_entry& e) {
    return {{"sequence", e.sequence},
            {"at", to_rfc3339(std::chrono::floor<std::chrono::milliseconds>(e.at))},
            {"source", e.source},
            {"stream", e.error ? "stderr" : "stdout"},
            {"text", e.text}};
}

json view(const release& r, bool current) {
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

json view(const build& b) {
    return {{"id", b.id.value},
            {"job", b.job ? json(b.job.value) : json(nullptr)},
            {"commit", b.commit},
            {"buildpack", b.buildpack},
            {"state", to_string(b.state)},
            {"reason", b.reason},
            {"created", to_rfc3339(b.created)},
            {"finished", time_or_null(b.finished)}};
}

std::string text_or(const json& body, const char* name, const std::string& otherwise) {
    return body.contains(name) ? body.at(name).get<std::string>() : otherwise;
}

response accepted(const job& j) {
    auto out = json_response(202, control::as_json(j));
    out.fields.set("Location", "/api/v1/jobs/" + std::to_string(j.id.value));
    return out;
}

task<result<response>> as_job(services& s, control::identity who, result<job_id> begun) {
    if (!begun) co_return begun.error();
    auto started = co_await s.platform.streams().job_info(who, *begun);
    if (!started) co_return started.error();
    co_return accepted(*started);
}

}  // namespace gasper::web::handlers
