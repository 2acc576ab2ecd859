#include "control/upgrades/places.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

#include "control/backups/beside.hpp"
#include "control/backups/taking_place.hpp"
#include "control/services/held.hpp"
#include "control/services/lifecycle.hpp"
#include "core/store/services.hpp"
#include "core/store/upgrades.hpp"

namespace gasper::control {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kept_prefix = "kept-";

task<result<>> exchange_with(parts& p, const service& s, const std::string& directory) {
    const auto at = service_directory(p, s.name);
    const auto work = [&at, &directory] { return exchange_directories(at / "data", at / directory); };
    co_return co_await p.files.run(work);
}

task<> write_version(parts& p, service& s, const std::string& version) {
    s.version = version;
    co_await p.db.transaction([&](SQLite::Database& db) { store::update_service(db, s); });
}

task<> write_kept(parts& p, upgrade u) {
    u.state = upgrade_state::kept;
    u.inode = 0;
    co_await p.db.transaction([&](SQLite::Database& db) { store::set_upgrade(db, u); });
}

task<> turn_back(parts& p, service s, const upgrade& u, job_context& job) {
    job.say("       it does not start: what served before comes back");
    p.service_servers.running.erase(s.name);
    (void)co_await p.services.stop(s.name, kind_of(s).stop_timeout);
    auto back = co_await exchange_with(p, s, u.directory);
    if (back) {
        co_await write_version(p, s, serving_version(u, false));
        back = co_await start_service(p, s, job.sink(), deadline::after(patience_for(s)));
    }
    if (!back) p.log.error("the data before does not serve", {{"service", s.name}, {"reason", back.error().message}});
}

}  // namespace

bool is_kept(std::string_view directory) {
    return directory.starts_with(kept_prefix) && directory.find('/') == directory.npos;
}

const std::string& serving_version(const upgrade& u, bool turned) noexcept {
    return (u.state == upgrade_state::arriving) == turned ? u.after : u.before;
}

task<bool> is_turned(parts& p, const service& s, const upgrade& u) {
    const auto look = [data = service_directory(p, s.name) / "data"] { return inode_of(data); };
    const auto inode = co_await p.files.run(look);
    co_return inode != 0 && inode == u.inode;
}

task<result<>> turn(parts& p, service s, upgrade u, job_context& job) {
    auto turned = co_await stop_service(p, s);
    if (turned) turned = co_await exchange_with(p, s, u.directory);
    if (turned) co_await write_version(p, s, serving_version(u, true));
    if (s.stopped) co_return turned;
    auto up = co_await start_service(p, s, job.sink(), deadline::after(patience_for(s)));
    if (!turned) co_return turned;
    if (!up) co_await turn_back(p, s, u, job);
    co_return up;
}

task<result<>> go_on_turned(parts& p, service s, upgrade u, job_context& job) {
    if (s.stopped) co_return result<>();
    const bool up = co_await comes_up(p, s.name, deadline::after(patience_for(s)));
    if (up) co_return result<>();
    const held_service held(p.service_servers, s.name);
    co_await wait_for_watchers(p, s.name, deadline::after(patience_for(s)));
    if (p.service_servers.find(s.name)) co_return result<>();
    const auto version = s.version;
    co_await turn_back(p, s, u, job);
    co_return fail(errc::failed, "service_not_ready", s.name + " does not start with its data of version " + version);
}

task<> settle_upgrade(parts& p, service s, upgrade u, bool over) {
    if (u.state == upgrade_state::kept) co_return;
    if (u.state == upgrade_state::leaving) {
        co_await remove_kept(p, s, u);
        co_return;
    }
    const bool turned = co_await is_turned(p, s, u);
    if (const auto serves = serving_version(u, turned); s.version != serves) co_await write_version(p, s, serves);
    if (turned && !over) co_return;
    if (u.state == upgrade_state::arriving && !turned) {
        co_await remove_kept(p, s, u);
        co_return;
    }
    // What came back for good, though its job did not see it, is what there is; the other is kept.
    if (u.state == upgrade_state::returning && turned) std::swap(u.before, u.after);
    co_await write_kept(p, u);
}

task<> remove_kept(parts& p, service s, upgrade u) {
    if (is_kept(u.directory)) {
        const auto remove = [at = service_directory(p, s.name) / u.directory] {
            std::error_code ignored;
            fs::remove_all(at, ignored);
        };
        co_await p.files.run(remove);
    }
    co_await p.db.transaction([&](SQLite::Database& db) { store::remove_upgrade(db, s.id); });
}

}  // namespace gasper::control
