#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"

namespace gasper::web::handlers {

task<result<response>> list_cron(services& s, call c) {
    auto entries = co_await s.platform.cron().list(c.who, c.text("app"));
    if (!entries) co_return entries.error();
    co_return json_response(200, control::as_json(*entries));
}

task<result<response>> add_cron(services& s, call c) {
    cron_line line{.schedule = c.body.at("schedule").get<std::string>(),
                   .zone = c.body.value("timezone", "UTC"),
                   .command = c.body.at("command").get<std::string>(),
                   .overlap = cron_overlap_of(c.body.value("concurrency", "allow")).value_or(cron_overlap::allow)};
    auto made = co_await s.platform.cron().add(c.who, c.text("app"), std::move(line));
    if (!made) co_return made.error();
    co_return json_response(201, control::as_json(*made));
}

task<result<response>> remove_cron(services& s, call c) {
    auto removed = co_await s.platform.cron().remove(c.who, c.text("app"), c.number("cron"));
    if (!removed) co_return removed.error();
    co_return no_content();
}

task<result<response>> run_cron(services& s, call c) {
    auto begun = co_await s.platform.cron().run(c.who, c.text("app"), c.number("cron"));
    co_return co_await as_job(s, c.who, begun);
}

task<result<response>> list_cron_runs(services& s, call c) {
    auto runs = co_await s.platform.cron().history(c.who, c.text("app"), c.number("cron"));
    if (!runs) co_return runs.error();
    co_return json_response(200, control::as_json(*runs));
}

}  // namespace gasper::web::handlers
