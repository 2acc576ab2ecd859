#include <SQLiteCpp/SQLiteCpp.h>

#include "control/parts.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

task<> note(parts& p, app_id id, std::string text) {
    co_await p.db.transaction([&](SQLite::Database& db) {
        if (store::find_app(db, id)) store::add_event(db, id, text);
    });
    ++p.event_count;
}

task<std::uint64_t> publish(parts& p) {
    const auto rows = co_await p.db.read([](SQLite::Database& db) { return store::served_versions(db); });
    std::vector<served_app> apps;
    for (const auto& [name, version] : rows)
        apps.push_back({name, version});
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
