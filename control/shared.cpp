#include <SQLiteCpp/SQLiteCpp.h>

#include "control/parts.hpp"
#include "core/store/apps.hpp"
#include "core/store/routing.hpp"

namespace gasper::control {

task<> note(parts& p, app_id id, std::string text) {
    co_await p.db.transaction([&](SQLite::Database& db) {
        if (store::find_app(db, id)) store::add_event(db, id, text);
    });
    ++p.event_count;
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
