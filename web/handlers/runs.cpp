#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"

namespace gasper::web::handlers {

task<result<response>> list_runs(services& s, call c) {
    auto running = co_await s.platform.one_offs().list(c.who, c.text("app"));
    if (!running) co_return running.error();
    co_return json_response(200, control::as_json(*running));
}

task<result<response>> begin_run(services& s, call c) {
    const auto command = c.body.at("command").get<std::string>();
    auto begun = co_await s.platform.one_offs().detach(c.who, c.text("app"), command);
    if (!begun) co_return begun.error();
    auto started = co_await s.platform.streams().job_info(c.who, begun->job);
    if (!started) co_return started.error();
    co_return accepted(*started);
}

task<result<response>> stop_run(services& s, call c) {
    auto stopped = co_await s.platform.one_offs().stop(c.who, c.text("app"), c.text("run"));
    if (!stopped) co_return stopped.error();
    co_return no_content();
}

}  // namespace gasper::web::handlers
