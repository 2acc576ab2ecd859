#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/services/exposing.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/services.hpp"

namespace gasper::web::handlers {

task<result<response>> show_exposure(services& s, call c) {
    auto v = co_await control::exposures(s.platform).show(c.who, c.text("service"));
    if (!v) co_return v.error();
    co_return json_response(200, control::as_json(*v));
}

task<result<response>> expose_service(services& s, call c) {
    control::new_exposure wanted;
    wanted.service = c.text("service");
    wanted.port = c.body.at("port").get<std::int64_t>();
    for (const auto& one : c.body.at("allow"))
        wanted.allowed += (wanted.allowed.empty() ? "" : ",") + one.get<std::string>();
    wanted.anyone = c.body.value("anyone", false);
    if (text_or(c.body, "rights") == "ro") wanted.rights = service_rights::read_only;
    auto v = co_await control::exposures(s.platform).expose(c.who, std::move(wanted));
    if (!v) co_return v.error();
    co_return json_response(200, control::as_json(*v));
}

task<result<response>> renew_certificate(services& s, call c) {
    auto v = co_await control::exposures(s.platform).renew(c.who, c.text("service"));
    if (!v) co_return v.error();
    co_return json_response(200, control::as_json(*v));
}

task<result<response>> unexpose_service(services& s, call c) {
    auto gone = co_await control::exposures(s.platform).unexpose(c.who, c.text("service"));
    if (!gone) co_return gone.error();
    co_return no_content();
}

}  // namespace gasper::web::handlers
