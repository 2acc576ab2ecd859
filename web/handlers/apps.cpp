#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "web/events.hpp"
#include "web/handlers/handlers.hpp"
#include "web/handlers/streams.hpp"
#include "web/handlers/views.hpp"

namespace gasper::web::handlers {

namespace {

constexpr std::size_t max_time = 40;  // bytes: a line that begins otherwise gives no long ids

task<nlohmann::json> view_with_release(services& s, control::identity who, control::app_view app) {
    if (app.version == 0) co_return view(app, nullptr);
    const auto current = co_await s.platform.apps().release_info(who, app.info.name, app.version);
    co_return view(app, current ? &*current : nullptr);
}

/// Log lines begin with their time. Two in one millisecond are told apart by a count, so that a client that comes
/// back neither loses nor repeats a line.
class log_position {
 public:
    explicit log_position(std::string_view last_event_id) {
        const auto slash = last_event_id.rfind('/');
        if (slash == std::string_view::npos) return;
        const auto number = last_event_id.substr(slash + 1);
        const auto [end, bad] = std::from_chars(number.data(), number.data() + number.size(), seen_count_);
        if (bad == std::errc{} && end == number.data() + number.size()) seen_time_ = last_event_id.substr(0, slash);
    }

    /// The id of the next line; empty when the client has it.
    std::string next(std::string_view line) {
        const auto time = line.substr(0, std::min(line.find(' '), max_time));
        count_ = time == time_ ? count_ + 1 : 1;
        time_ = time;
        if (!seen_time_.empty() && (time_ < seen_time_ || (time_ == seen_time_ && count_ <= seen_count_))) return {};
        return time_ + "/" + std::to_string(count_);
    }

 private:
    std::string seen_time_, time_;
    int seen_count_{0}, count_{0};
};

task<> produce_logs(control::platform& platform, control::identity who, std::string app, control::log_query query,
                    std::string last_event_id, event_queue& out) {
    log_position position(last_event_id);
    const line_sink sink = [&out, &position](std::string_view line) {
        if (const auto id = position.next(line); !id.empty()) out.push({.name = {}, .id = id, .data = line});
    };
    const auto ended = co_await platform.streams().logs(who, app, query, sink);
    nlohmann::json data{{"state", ended ? "ended" : "failed"}, {"reason", ended ? "" : ended.error().message}};
    out.push({.name = "end", .id = {}, .data = data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
}

}  // namespace

task<result<response>> list_apps(services& s, call c) {
    auto apps = co_await s.platform.apps().list(c.who);
    if (!apps) co_return apps.error();
    auto out = nlohmann::json::array();
    for (const auto& app : *apps)
        out.push_back(co_await view_with_release(s, c.who, app));
    co_return json_response(200, out);
}

task<result<response>> create_app(services& s, call c) {
    auto app = co_await s.platform.apps().create(c.who, c.body.at("name").get<std::string>());
    if (!app) co_return app.error();
    auto out = json_response(201, view(*app, nullptr));
    out.fields.set("Location", "/api/v1/apps/" + app->info.name);
    co_return out;
}

task<result<response>> show_app(services& s, call c) {
    auto app = co_await s.platform.apps().info(c.who, c.text("app"));
    if (!app) co_return app.error();
    co_return json_response(200, co_await view_with_release(s, c.who, *app));
}

task<result<response>> destroy_app(services& s, call c) {
    auto gone = co_await s.platform.apps().destroy(c.who, c.text("app"), c.query.at("confirm"));
    if (!gone) co_return gone.error();
    response out;
    out.status = 204;
    co_return out;
}

task<result<response>> list_instances(services& s, call c) {
    auto instances = co_await s.platform.apps().ps(c.who, c.text("app"));
    if (!instances) co_return instances.error();
    auto out = nlohmann::json::array();
    for (const auto& instance : *instances)
        out.push_back(view(instance));
    co_return json_response(200, out);
}

task<result<response>> restart_app(services& s, call c) {
    auto id = co_await s.platform.apps().restart(c.who, c.text("app"));
    if (!id) co_return id.error();
    auto started = co_await s.platform.streams().job_info(c.who, *id);
    if (!started) co_return started.error();
    co_return accepted(*started);
}

task<result<response>> follow_logs(services& s, call c) {
    auto app = co_await s.platform.apps().authorize(c.who, c.text("app"));
    if (!app) co_return app.error();
    control::log_query query;
    query.lines = static_cast<int>(c.number("lines", 100));
    query.follow = c.flag("follow");
    if (const auto at = c.query.find("process"); at != c.query.end()) query.process = at->second;
    std::string last(c.in.fields.get("Last-Event-ID"));
    co_return stream_of_events([&platform = s.platform, who = c.who, name = c.text("app"), query, last](
                                   event_queue& out) { return produce_logs(platform, who, name, query, last, out); });
}

}  // namespace gasper::web::handlers
