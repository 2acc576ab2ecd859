#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/events.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"
#include "web/handlers/streams.hpp"

namespace gasper::web::handlers {

namespace {

constexpr int most_lines = 10'000;

std::string text_of(const nlohmann::json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

task<> produce_logs(control::platform& platform, control::identity who, std::string app, control::log_query query,
                    bool as_json, event_queue& out) {
    const control::log_sink sink = [&out, as_json](const log_entry& line) {
        const auto id = line.sequence > 0 ? std::to_string(line.sequence) : std::string();
        const auto data = as_json ? text_of(control::as_json(line)) : control::to_line(line);
        out.push({.name = {}, .id = id, .data = data});
    };
    const auto ended = co_await platform.streams().logs(who, app, query, sink);
    nlohmann::json data{{"state", ended ? "ended" : "failed"}, {"reason", ended ? "" : ended.error().message}};
    const auto text = text_of(data);
    out.push({.name = "end", .id = {}, .data = text});
}

result<control::log_query> log_query_of(const call& c) {
    control::log_query query;
    query.lines = static_cast<int>(c.number("lines", 100));
    query.follow = c.flag("follow");
    for (const auto& [name, to] :
         {std::pair{"process", &query.filter.process}, {"source", &query.filter.source}, {"text", &query.filter.text}})
        if (const auto at = c.query.find(name); at != c.query.end()) *to = at->second;
    for (const auto& [name, to] : {std::pair{"since", &query.filter.since}, {"until", &query.filter.until}}) {
        const auto at = c.query.find(name);
        if (at == c.query.end()) continue;
        auto time = control::parse_log_time(at->second, log_now());
        if (!time) return time.error();
        *to = *time;
    }
    // A client that comes back gets what it missed, and not what it has.
    const std::string last(c.in.fields.get("Last-Event-ID"));
    std::from_chars(last.data(), last.data() + last.size(), query.after);
    if (query.after > 0) query.lines = most_lines;
    return query;
}

}  // namespace

task<result<response>> list_apps(services& s, call c) {
    auto apps = co_await s.platform.apps().list(c.who);
    if (!apps) co_return apps.error();
    co_return json_response(200, control::as_json(*apps));
}

task<result<response>> create_app(services& s, call c) {
    auto app = co_await s.platform.apps().create(c.who, c.body.at("name").get<std::string>());
    if (!app) co_return app.error();
    auto out = json_response(201, control::as_json(*app));
    out.fields.set("Location", "/api/v1/apps/" + app->info.name);
    co_return out;
}

task<result<response>> show_app(services& s, call c) {
    auto app = co_await s.platform.apps().info(c.who, c.text("app"));
    if (!app) co_return app.error();
    co_return json_response(200, control::as_json(*app));
}

task<result<response>> destroy_app(services& s, call c) {
    auto gone = co_await s.platform.apps().destroy(c.who, c.text("app"), c.query.at("confirm"));
    if (!gone) co_return gone.error();
    co_return no_content();
}

task<result<response>> list_instances(services& s, call c) {
    auto instances = co_await s.platform.apps().ps(c.who, c.text("app"));
    if (!instances) co_return instances.error();
    co_return json_response(200, control::as_json(*instances));
}

task<result<response>> restart_app(services& s, call c) {
    auto id = co_await s.platform.apps().restart(c.who, c.text("app"));
    co_return co_await as_job(s, c.who, id);
}

task<result<response>> follow_logs(services& s, call c) {
    auto app = co_await s.platform.apps().authorize(c.who, c.text("app"));
    if (!app) co_return app.error();
    auto query = log_query_of(c);
    if (!query) co_return query.error();
    const auto format = c.query.find("format");
    const bool as_json = format != c.query.end() && format->second == "json";
    co_return stream_of_events(
        [&platform = s.platform, who = c.who, name = c.text("app"), query = *query, as_json](event_queue& out) {
            return produce_logs(platform, who, name, query, as_json, out);
        });
}

}  // namespace gasper::web::handlers
