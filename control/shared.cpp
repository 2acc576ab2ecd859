#include <SQLiteCpp/SQLiteCpp.h>

#include "control/parts.hpp"
#include "core/base/rounds.hpp"
#include "core/store/apps.hpp"
#include "core/store/routing.hpp"

namespace gasper::control {

namespace {

struct said_event {
    std::string app;
    store::event event;
};

}  // namespace

sys_time old_now(parts& p) {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(p.aging.at(p.clock()));
}

task<> note(parts& p, app_id id, std::string text) {
    std::optional<said_event> said;
    try {
        said = co_await p.db.transaction([&](SQLite::Database& db) -> std::optional<said_event> {
            const auto a = store::find_app(db, id);
            if (!a) return std::nullopt;
            store::add_event(db, id, text);
            const auto newest = store::events_of(db, id, 0, 1);
            return said_event{a->name, newest.front()};
        });
    } catch (const refusal& e) {  // whoever has something to note goes on without
        p.log.warn("an event is not kept", {{"event", text}, {"reason", e.what()}});
    }
    if (!said) co_return;
    p.logs->admit(said->app);
    p.logs->say(said->app, said->event.at, std::move(text), said->event.id);
}

namespace {

// Events that an earlier process wrote to the store, and was killed before they reached the log.
task<> say_missing_events(parts& p, const app& a) {
    const auto marks = co_await p.logs->store().marks(a.name);
    const auto at = marks.find("events");
    const auto after = at == marks.end() ? 0 : at->second.major;
    const auto events =
        co_await p.db.read([&](SQLite::Database& db) { return store::events_of(db, a.id, after, 1000); });
    for (const auto& e : events)
        p.logs->say(a.name, e.at, e.text, e.id);
}

task<> keep_house(parts& p) {
    auto turn = [&p] { return p.logs->store().keep_house(); };
    co_await repeat(p.log, "log retention", std::chrono::minutes(10), std::move(turn));
}

}  // namespace

task<> begin_logs(parts& p) {
    const auto apps = co_await p.db.read([](SQLite::Database& db) { return store::all_apps(db); });
    std::map<std::string, sys_time> created;
    for (const auto& a : apps) {
        p.logs->admit(a.name);
        created[a.name] = a.created;
        co_await say_missing_events(p, a);
        for (const auto& i : p.running.of(a.name))
            p.logs->follow(i);
    }
    p.logs->follow_router(std::move(created));
    p.background.spawn("log retention", keep_house(p));
}

task<result<>> stop_instance(parts& p, runtime::observed_instance instance, std::chrono::milliseconds grace) {
    auto ended = co_await p.cluster.end(instance, grace);
    if (ended) co_await p.logs->drained(instance.container, deadline::after(std::chrono::seconds(2)));
    co_return co_await p.cluster.stop(std::move(instance), std::chrono::milliseconds(0));
}

namespace {

bool is_up(const parts& p, const std::string& app, int version) {
    const auto instances = p.running.of(app, version);
    return std::any_of(instances.begin(), instances.end(),
                       [](const auto& i) { return i.process == "web" && i.state == instance_state::up; });
}

served_app served(parts& p, const std::string& name, int version, const std::map<std::string, store::routing>& set) {
    served_app a{.name = name, .version = version};
    const auto found = set.find(name);
    if (found == set.end()) return a;
    const auto& r = found->second;
    if (p.sleep.find(name) && is_up(p, name, version)) p.sleep.of(name).rising = false;
    a.maintenance = r.maintenance;
    a.page = r.page;
    a.hidden = p.sleep.hides(name);
    a.held = p.sleep.holds(name);
    a.sleep_after = static_cast<std::uint32_t>(r.sleep_after.count());
    return a;
}

}  // namespace

task<std::uint64_t> publish(parts& p) {
    const auto [rows, set] = co_await p.db.read(
        [](SQLite::Database& db) { return std::pair(store::served_versions(db), store::all_routing(db)); });
    std::vector<served_app> apps;
    for (const auto& [name, version] : rows)
        apps.push_back(served(p, name, version, set));
    co_return p.tables.publish(make_table(p.settings, apps, p.running));
}

task<> publish_and_wait(parts& p) {
    const auto version = co_await publish(p);
    if (!co_await p.tables.applied("router", version, deadline::after(std::chrono::seconds(2))))
        p.log.warn("the router has not applied the table yet", {{"version", version}});
}

std::filesystem::path repository_of(const parts& p, const std::string& app) {
    return p.settings.data / "repos" / (app + ".git");
}

std::filesystem::path app_directory(const parts& p, const std::string& app) {
    return p.settings.data / "apps" / app;
}

}  // namespace gasper::control
