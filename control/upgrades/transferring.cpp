#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "control/backups/beside.hpp"
#include "control/backups/pouring.hpp"
#include "control/backups/room.hpp"
#include "control/backups/taking_place.hpp"
#include "control/services/held.hpp"
#include "control/services/lifecycle.hpp"
#include "control/switch.hpp"
#include "control/upgrades/places.hpp"
#include "control/upgrades/upgrade_jobs.hpp"
#include "control/upgrades/walls.hpp"
#include "core/base/crypto.hpp"
#include "core/store/services.hpp"
#include "core/store/upgrades.hpp"

namespace gasper::control {

namespace {

namespace fs = std::filesystem;
using std::chrono::hours;

constexpr auto longest_transfer = hours(12);

task<std::optional<service>> service_to_upgrade(parts& p, service_id id) {
    co_return co_await p.db.read([id](SQLite::Database& db) { return store::find_service(db, id); });
}

error service_left() {
    return fail(errc::not_found, "service_not_found", "the service is gone");
}

// All of it that apps do not notice.
task<result<>> prepare_transfer(parts& p, service s, service next, server_beside& beside, job_context& job) {
    auto ready = co_await needs_running(p, s);
    if (!ready) co_return ready;
    const auto disk = co_await look_at_disk(p, s.name);
    auto room = check_upgrade_room(s.name, disk.data, disk.available);
    if (!room) co_return room;
    co_await job.step("beside");
    job.say(fmt::format("-----> Starting an empty {} {} beside it", kind_of(s).title, next.version));
    co_return co_await start_beside(p, next, beside, job.sink(), deadline::after(p.settings.build_deadline));
}

task<result<>> transfer_data(parts& p, service s, service next, server_beside& beside, job_context& job) {
    const auto* running = p.service_servers.find(s.name);
    if (!running) co_return fail(errc::conflict, "service_not_running", s.name + " does not run any more");
    const auto container = running->container;
    const auto until = deadline::after(longest_transfer);
    auto tables = co_await pour_and_count(p, next, container, beside.server.container, until);
    if (!tables) co_return tables.error();
    if (*tables > 0) job.say(fmt::format("       {} tables, as they are", *tables));
    auto given = co_await give_users(p, next, beside.server.container);
    if (!given) co_return given;
    co_return co_await end_beside(p, next, beside);
}

task<result<>> wall_and_transfer(parts& p, service s, service next, server_beside& beside, job_context& job) {
    co_await job.step("wall");
    job.say("-----> Keeping apps out: nothing that is written is lost");
    co_await wait_for_watchers(p, s.name, deadline::after(patience_for(s)));
    auto alone = co_await wall_off(p, s, job);
    if (!alone) co_return alone;
    co_await job.step("transfer");
    job.say("-----> Dumping and restoring");
    co_return co_await transfer_data(p, s, next, beside, job);
}

// The data before is kept from the moment on that it is written down that the other serves.
task<result<>> conclude_transfer(parts& p, upgrade u, result<> placed, job_context& job) {
    auto s = co_await service_to_upgrade(p, u.service);
    if (!s) co_return service_left();
    if (!placed) {
        co_await settle_upgrade(p, *s, u, true);
        co_return placed;
    }
    co_await agree_on_users(p, *s, job);
    u.state = upgrade_state::kept;
    u.inode = 0;
    u.created = now();
    co_await p.db.transaction([&](SQLite::Database& db) {
        store::set_upgrade(db, u);
        job.step_in(db, committed_step);
    });
    job.say(fmt::format("       {} is of version {}; its data of {} is kept until services:upgrade:confirm {}", s->name,
                        u.after, u.before, s->name));
    job.say(fmt::format("       services:upgrade:rollback {} goes back to it: what is written from now on is lost then",
                        s->name));
    co_return placed;
}

// Written down before the directory has its new name: a restart in between removes both.
task<result<>> take_over(parts& p, service s, std::string version, const server_beside& beside, job_context& job) {
    upgrade u{.service = s.id,
              .before = s.version,
              .after = std::move(version),
              .directory = "kept-" + random_hex(4),
              .state = upgrade_state::arriving,
              .job = job.id()};
    const auto data = service_directory(p, s.name) / "data";
    const auto look = [&u, &data, &beside] {
        u.inode = inode_of(beside.data);
        u.size = size_of_tree(data);
    };
    co_await p.files.run(look);
    co_await p.db.transaction([&](SQLite::Database& db) {
        store::set_upgrade(db, u);
        job.step_in(db, "swap");
    });
    job.say("-----> Taking its place");
    const auto rename = [&u, &data, &beside]() -> result<> {
        std::error_code ec;
        fs::rename(beside.data, data.parent_path() / u.directory, ec);
        if (!ec) return {};
        return fail(errc::failed, "restore_swap", "the new data cannot take its place: " + ec.message());
    };
    auto placed = co_await p.files.run(rename);
    if (placed) {
        placed = co_await turn(p, s, u, job);
    } else {
        co_await clear_beside(p, beside);
        co_await let_in(p, s);
    }
    co_return co_await conclude_transfer(p, u, std::move(placed), job);
}

error still_kept(const service& s, const upgrade& u) {
    return fail(errc::conflict, "upgrade_kept",
                fmt::format("{0} still has its data of version {1} beside it; services:upgrade:confirm {0} removes it, "
                            "services:upgrade:rollback {0} goes back to it",
                            s.name, u.before));
}

}  // namespace

task<result<>> run_transfer(parts& p, service s, std::string version, job_context& job) {
    const auto kept = co_await p.db.read([&](SQLite::Database& db) { return store::find_upgrade(db, s.id); });
    if (kept) co_return still_kept(s, *kept);
    job.say(fmt::format("-----> Upgrading {} from {} {} to {}", s.name, kind_of(s).title, s.version, version));
    auto next = s;
    next.version = version;
    auto beside = plan_beside(p, s.name);
    const claimed_beside claim(p.service_servers, beside);
    auto preparing = prepare_transfer(p, s, next, beside, job);
    auto filled = co_await job.guard(std::move(preparing));
    if (!filled) {
        co_await clear_beside(p, beside);
        co_return filled;
    }
    const held_service held(p.service_servers, s.name);
    const walled_service walled(p.service_servers, s.name);
    auto transferring = wall_and_transfer(p, s, next, beside, job);
    filled = co_await job.guard(std::move(transferring));
    if (!filled) {
        co_await clear_beside(p, beside);
        co_await let_in(p, s);
        job.say("       " + s.name + " is as it was");
        co_return filled;
    }
    job.commit();
    co_return co_await take_over(p, s, version, beside, job);
}

task<result<>> finish_transfer(parts& p, service_id id, upgrade u, job_context& job) {
    job.commit();
    const auto s = co_await service_to_upgrade(p, id);
    if (!s) co_return service_left();
    auto placed = co_await go_on_turned(p, *s, u, job);
    co_return co_await conclude_transfer(p, u, std::move(placed), job);
}

}  // namespace gasper::control
