#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"
#include "web/handlers/streams.hpp"

namespace gasper::web::handlers {

task<result<response>> list_jobs(services& s, call c) {
    const auto app = c.query.contains("app") ? c.query.at("app") : std::string();
    auto jobs = co_await s.platform.jobs().list(c.who, app, static_cast<int>(c.number("limit", 50)));
    if (!jobs) co_return jobs.error();
    co_return json_response(200, control::as_json(*jobs));
}

task<result<response>> cancel_job(services& s, call c) {
    auto asked = co_await s.platform.jobs().cancel(c.who, job_id{c.number("job")});
    if (!asked) co_return asked.error();
    co_return accepted(*asked);
}

task<result<response>> cancel_build(services& s, call c) {
    auto asked = co_await s.platform.jobs().cancel_build(c.who, c.text("app"), c.number("build"));
    if (!asked) co_return asked.error();
    co_return accepted(*asked);
}

task<result<response>> list_steps(services& s, call c) {
    auto tree = co_await s.platform.jobs().info(c.who, job_id{c.number("job")});
    if (!tree) co_return tree.error();
    co_return json_response(200, control::as_json(tree->steps));
}

task<result<response>> show_job(services& s, call c) {
    auto found = co_await s.platform.streams().job_info(c.who, job_id{c.number("job")});
    if (!found) co_return found.error();
    co_return json_response(200, control::as_json(*found));
}

task<result<response>> follow_job(services& s, call c) {
    auto found = co_await s.platform.streams().job_info(c.who, job_id{c.number("job")});
    if (!found) co_return found.error();
    co_return stream_of_job(s, c.who, found->id, c.in.fields);
}

}  // namespace gasper::web::handlers
