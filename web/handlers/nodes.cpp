#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"

namespace gasper::web::handlers {

task<result<response>> list_nodes(services& s, call c) {
    auto nodes = co_await s.platform.nodes().list(c.who);
    if (!nodes) co_return nodes.error();
    co_return json_response(200, control::as_json(*nodes));
}

task<result<response>> show_node(services& s, call c) {
    auto n = co_await s.platform.nodes().info(c.who, c.text("node"));
    if (!n) co_return n.error();
    co_return json_response(200, control::as_json(*n));
}

task<result<response>> drain_node(services& s, call c) {
    const bool force = c.body.value("force", false);
    auto id = co_await s.platform.nodes().drain(c.who, c.text("node"), force);
    co_return co_await as_job(s, c.who, id);
}

task<result<response>> activate_node(services& s, call c) {
    auto n = co_await s.platform.nodes().activate(c.who, c.text("node"));
    if (!n) co_return n.error();
    co_return json_response(200, control::as_json(*n));
}

task<result<response>> label_node(services& s, call c) {
    auto n = co_await s.platform.nodes().label(c.who, c.text("node"), c.body.get<node_labels>());
    if (!n) co_return n.error();
    co_return json_response(200, control::as_json(*n));
}

}  // namespace gasper::web::handlers
