#include "control/archives/archives.hpp"

#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/backups.hpp"

namespace gasper::web::handlers {

task<result<response>> show_archive(services& s, call c) {
    auto v = co_await control::archives(s.platform).show(c.who, c.text("service"));
    if (!v) co_return v.error();
    co_return json_response(200, control::as_json(*v));
}

task<result<response>> archive_service(services& s, call c) {
    const int keep = c.body.contains("keep") ? c.body.at("keep").get<int>() : 0;
    auto begun = co_await control::archives(s.platform).turn_on(c.who, c.text("service"), text_or(c.body, "to"), keep);
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> end_archive(services& s, call c) {
    auto off = co_await control::archives(s.platform).turn_off(c.who, c.text("service"));
    if (!off) co_return off.error();
    co_return no_content();
}

task<result<response>> recover_service(services& s, call c) {
    auto at = parse_rfc3339(c.body.at("at").get<std::string>());
    if (!at) co_return at.error();
    control::recovery_request wanted;
    wanted.service = c.text("service");
    wanted.at = *at;
    wanted.into = text_or(c.body, "into");
    wanted.confirm = text_or(c.body, "confirm");
    auto begun = co_await control::archives(s.platform).recover(c.who, std::move(wanted));
    co_return co_await as_job(s, c.who, std::move(begun));
}

}  // namespace gasper::web::handlers
