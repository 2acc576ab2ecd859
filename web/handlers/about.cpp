#include <nlohmann/json.hpp>

#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"
#include "web/options.hpp"

namespace gasper::web::handlers {

task<result<response>> show_version(services& s, call) {
    co_return json_response(
        200, {{"version", GASPER_VERSION}, {"domain", s.settings.domain}, {"git_url", s.settings.git_url}});
}

task<result<response>> show_health(services&, call) {
    co_return json_response(200, {{"status", "ok"}});
}

task<result<response>> show_openapi(services& s, call) {
    response out;
    out.fields.set("Content-Type", "application/json");
    out.fields.set("Cache-Control", "no-cache");
    out.fixed = s.openapi;
    co_return out;
}

}  // namespace gasper::web::handlers
