#include <nlohmann/json.hpp>
#include <sstream>

#include "control/platform.hpp"
#include "control/services/exposing.hpp"
#include "web/handlers/services.hpp"
#include "web/handlers/views.hpp"

namespace gasper::web::handlers {

namespace {

using nlohmann::json;

json view(const control::exposure_view& v) {
    json networks = json::array();
    std::istringstream all(v.info.allowed);
    for (std::string one; std::getline(all, one, ',');)
        networks.push_back(one);
    return {{"service", v.info.service_name},
            {"host", v.host},
            {"port", v.info.port},
            {"allowed", networks},
            {"user", v.info.user},
            {"rights", std::string(to_string(v.info.rights))},
            {"url", v.url.empty() ? json(nullptr) : json(v.url)},
            {"certificate", v.info.certificate},
            {"fingerprint", v.fingerprint},
            {"note", v.note},
            {"open", v.open},
            {"connections", v.connections},
            {"created", to_rfc3339(v.info.created)}};
}

}  // namespace

task<result<response>> show_exposure(services& s, call c) {
    auto v = co_await control::exposures(s.platform).show(c.who, c.text("service"));
    if (!v) co_return v.error();
    co_return json_response(200, view(*v));
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
    co_return json_response(200, view(*v));
}

task<result<response>> unexpose_service(services& s, call c) {
    auto gone = co_await control::exposures(s.platform).unexpose(c.who, c.text("service"));
    if (!gone) co_return gone.error();
    response out;
    out.status = 204;
    co_return out;
}

}  // namespace gasper::web::handlers
