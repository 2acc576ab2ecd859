#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"

namespace gasper::web::handlers {

namespace {

using nlohmann::json;
using std::chrono::seconds;

template <class T>
std::optional<T> said(const json& body, const char* key) {
    return body.contains(key) ? std::optional<T>(body.at(key).get<T>()) : std::nullopt;
}

}  // namespace

task<result<response>> set_process(services& s, call c) {
    const auto& b = c.body;
    process_settings wanted{.memory_bytes = said<std::int64_t>(b, "memory"),
                            .cpus = said<double>(b, "cpus"),
                            .processes = said<std::int64_t>(b, "processes"),
                            .disk_bytes = said<std::int64_t>(b, "disk"),
                            .reserved_memory = said<std::int64_t>(b, "reserved_memory"),
                            .reserved_cpus = said<double>(b, "reserved_cpus"),
                            .nodes = said<node_labels>(b, "nodes"),
                            .exclusive = said<bool>(b, "exclusive")};
    if (const auto stop = said<std::int64_t>(b, "stop_timeout")) wanted.stop_timeout = seconds(*stop);
    const bool forget = b.value("reset", false);
    auto id = co_await s.platform.formations().set(c.who, c.text("app"), c.text("process"), std::move(wanted), forget);
    co_return co_await as_job(s, c.who, id);
}

task<result<response>> list_autoscaling(services& s, call c) {
    auto all = co_await s.platform.autoscaling().list(c.who, c.text("app"));
    if (!all) co_return all.error();
    co_return json_response(200, control::as_json(*all));
}

task<result<response>> set_autoscaling(services& s, call c) {
    autoscale_rule rule;
    rule.least = c.body.value("min", 1);
    rule.most = c.body.at("max").get<int>();
    rule.signal = c.body.at("signal") == "cpu" ? scale_signal::cpu : scale_signal::queue;
    rule.target = c.body.at("target").get<double>();
    rule.cooldown = seconds(c.body.value("cooldown", static_cast<std::int64_t>(rule.cooldown.count())));
    auto done = co_await s.platform.autoscaling().set(c.who, c.text("app"), c.text("process"), rule);
    if (!done) co_return done.error();
    co_return co_await list_autoscaling(s, c);
}

task<result<response>> remove_autoscaling(services& s, call c) {
    auto done = co_await s.platform.autoscaling().remove(c.who, c.text("app"), c.text("process"));
    if (!done) co_return done.error();
    co_return no_content();
}

}  // namespace gasper::web::handlers
