#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "control/backups/taking_place.hpp"
#include "control/services/held.hpp"
#include "control/services/lifecycle.hpp"
#include "control/switch.hpp"
#include "control/upgrades/places.hpp"
#include "control/upgrades/upgrade_jobs.hpp"
#include "core/store/services.hpp"
#include "core/store/upgrades.hpp"

namespace gasper::control {

namespace {

task<std::optional<service>> returning_service(parts& p, service_id id) {
    co_return co_await p.db.read([id](SQLite::Database& db) { return store::find_service(db, id); });
}

error returned_too_late() {
    return fail(errc::not_found, "service_not_found", "the service is gone");
}

error nothing_to_return_to(const std::string& name) {
    return fail(errc::not_found, "no_upgrade", "nothing of before an upgrade is kept of " + name);
}

task<result<>> conclude_return(parts& p, upgrade u, result<> placed, job_context& job) {
    auto s = co_await returning_service(p, u.service);
    if (!s) co_return returned_too_late();
    if (!placed) {
        co_await settle_upgrade(p, *s, u, true);
        co_return placed;
    }
    co_await agree_on_users(p, *s, job);
    u.state = upgrade_state::leaving;
    co_await p.db.transaction([&](SQLite::Database& db) {
        store::set_upgrade(db, u);
        job.step_in(db, committed_step);
    });
    co_await remove_kept(p, *s, u);
    job.say(fmt::format("       {} is of version {} again, as it was at {}", s->name, u.before, to_rfc3339(u.created)));
    co_return placed;
}

}  // namespace

task<result<>> run_return(parts& p, service_id id, job_context& job) {
    const auto s = co_await returning_service(p, id);
    if (!s) co_return returned_too_late();
    auto u = co_await p.db.read([id](SQLite::Database& db) { return store::find_upgrade(db, id); });
    if (!u || u->state != upgrade_state::kept) co_return nothing_to_return_to(s->name);
    const auto look = [at = service_directory(p, s->name) / u->directory] { return inode_of(at); };
    u->inode = co_await p.files.run(look);
    if (u->inode == 0) co_return fail(errc::failed, "no_upgrade", "the data of version " + u->before + " is not there");
    job.commit();
    job.say(fmt::format("-----> Going back from {} {} to {}", kind_of(*s).title, s->version, u->before));
    u->state = upgrade_state::returning;
    u->job = job.id();
    const held_service held(p.service_servers, s->name);
    co_await wait_for_watchers(p, s->name, deadline::after(patience_for(*s)));
    const bool still_kept = co_await p.db.transaction([&](SQLite::Database& db) {
        const auto there = store::find_upgrade(db, id);
        if (!there || there->state != upgrade_state::kept) return false;
        store::set_upgrade(db, *u);
        job.step_in(db, "swap");
        return true;
    });
    if (!still_kept) co_return nothing_to_return_to(s->name);
    auto placed = co_await turn(p, *s, *u, job);
    co_return co_await conclude_return(p, *u, std::move(placed), job);
}

task<result<>> finish_return(parts& p, service_id id, upgrade u, job_context& job) {
    job.commit();
    const auto s = co_await returning_service(p, id);
    if (!s) co_return returned_too_late();
    auto placed = co_await go_on_turned(p, *s, u, job);
    co_return co_await conclude_return(p, u, std::move(placed), job);
}

}  // namespace gasper::control
