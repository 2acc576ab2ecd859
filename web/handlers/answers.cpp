#include "web/handlers/answers.hpp"

#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"

namespace gasper::web::handlers {

response json_response(int status, const nlohmann::json& body) {
    response out;
    out.status = status;
    out.fields.set("Content-Type", "application/json");
    out.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return out;
}

response no_content() {
    response out;
    out.status = 204;
    return out;
}

std::string text_or(const nlohmann::json& body, const char* name, const std::string& otherwise) {
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
