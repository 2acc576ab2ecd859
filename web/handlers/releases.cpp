#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/views/views.hpp"
#include "web/handlers/answers.hpp"
#include "web/handlers/handlers.hpp"
#include "web/handlers/streams.hpp"

namespace gasper::web::handlers {

namespace {

constexpr std::int64_t default_limit = 50;

// The newest first, at most `limit` of them.
template <class T, class By>
void newest(std::vector<T>& rows, By by, std::int64_t limit) {
    std::sort(rows.begin(), rows.end(), [&](const T& a, const T& b) { return by(a) > by(b); });
    if (rows.size() > static_cast<std::size_t>(limit)) rows.erase(rows.begin() + limit, rows.end());
}

}  // namespace

task<result<response>> show_config(services& s, call c) {
    auto config = co_await s.platform.apps().config(c.who, c.text("app"));
    if (!config) co_return config.error();
    co_return json_response(200, nlohmann::json(*config));
}

task<result<response>> change_config(services& s, call c) {
    std::map<std::string, std::optional<std::string>> changes;
    for (const auto& [name, value] : c.body.items())
        changes[name] = value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
    auto id = co_await s.platform.apps().set_config(c.who, c.text("app"), std::move(changes));
    if (!id) co_return id.error();
    if (!*id) co_return co_await show_config(s, std::move(c));
    co_return co_await as_job(s, c.who, id);
}

task<result<response>> list_releases(services& s, call c) {
    auto app = co_await s.platform.apps().authorize(c.who, c.text("app"));
    if (!app) co_return app.error();
    auto releases = co_await s.platform.apps().releases(c.who, c.text("app"));
    if (!releases) co_return releases.error();
    newest(
        *releases, [](const release& r) { return r.version; }, c.number("limit", default_limit));
    co_return json_response(200, control::as_json(*releases, app->current));
}

task<result<response>> show_release(services& s, call c) {
    auto app = co_await s.platform.apps().authorize(c.who, c.text("app"));
    if (!app) co_return app.error();
    auto found = co_await s.platform.apps().release_info(c.who, c.text("app"), static_cast<int>(c.number("version")));
    if (!found) co_return found.error();
    co_return json_response(200, control::as_json(*found, found->id == app->current));
}

task<result<response>> roll_back(services& s, call c) {
    auto id = co_await s.platform.apps().rollback(c.who, c.text("app"), c.body.at("rollback").get<int>());
    co_return co_await as_job(s, c.who, id);
}

task<result<response>> list_builds(services& s, call c) {
    auto builds = co_await s.platform.apps().builds(c.who, c.text("app"));
    if (!builds) co_return builds.error();
    newest(
        *builds, [](const build& b) { return b.id; }, c.number("limit", default_limit));
    co_return json_response(200, control::as_json(*builds));
}

task<result<response>> show_build(services& s, call c) {
    auto found = co_await s.platform.apps().build_info(c.who, c.text("app"), c.number("build"));
    if (!found) co_return found.error();
    co_return json_response(200, control::as_json(*found));
}

task<result<response>> follow_build(services& s, call c) {
    auto found = co_await s.platform.apps().build_info(c.who, c.text("app"), c.number("build"));
    if (!found) co_return found.error();
    co_return stream_of_job(s, c.who, found->job, c.in.fields);
}

}  // namespace gasper::web::handlers
