#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"

namespace gasper::web::handlers {

task<result<response>> list_volumes(services& s, call c) {
    const auto app = c.query.contains("app") ? c.query.at("app") : std::string();
    auto volumes = co_await s.platform.volumes().list(c.who, app);
    if (!volumes) co_return volumes.error();
    co_return json_response(200, control::as_json(*volumes));
}

task<result<response>> create_volume(services& s, call c) {
    const auto name = c.body.at("name").get<std::string>();
    auto made = co_await s.platform.volumes().create(c.who, name);
    if (!made) co_return made.error();
    co_return json_response(201, control::as_json(*made));
}

task<result<response>> destroy_volume(services& s, call c) {
    auto done = co_await s.platform.volumes().destroy(c.who, c.text("volume"), c.query.at("confirm"));
    if (!done) co_return done.error();
    co_return no_content();
}

task<result<response>> mount_volume(services& s, call c) {
    const auto volume = c.body.at("volume").get<std::string>(), path = c.body.at("path").get<std::string>();
    auto begun = co_await s.platform.volumes().mount(c.who, volume, c.text("app"), path);
    co_return co_await as_job(s, c.who, std::move(begun));
}

task<result<response>> unmount_volume(services& s, call c) {
    auto begun = co_await s.platform.volumes().unmount(c.who, c.text("volume"), c.text("app"));
    co_return co_await as_job(s, c.who, std::move(begun));
}

}  // namespace gasper::web::handlers
