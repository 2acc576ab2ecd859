#include "control/services/service_jobs.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "control/backups/backup_jobs.hpp"
#include "control/services/attaching.hpp"
#include "control/services/held.hpp"
#include "control/services/lifecycle.hpp"
#include "core/base/crypto.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

task<std::optional<service>> load(parts& p, service_id id) {
    co_return co_await p.db.read([id](SQLite::Database& db) { return store::find_service(db, id); });
}

error service_gone() {
    return fail(errc::not_found, "service_not_found", "the service is gone");
}

task<result<>> make(parts& p, service s, job_context& job) {
    co_await job.step("image");
    // Made once for all services of the version; a first one takes a while.
    const auto until = deadline::after(p.settings.build_deadline);
    auto say = job.sink();
    auto spec = co_await service_spec_of(p, s, std::move(say), until);
    if (!spec) co_return spec.error();
    co_await job.step("start");
    const auto began = deadline::clock::now();
    auto up = co_await start_server(p, std::move(*spec), until.sooner(kind_of(s).start_timeout));
    if (!up) co_return up.error();
    p.service_servers.running[s.name] = *up;
    const std::chrono::duration<double> took = deadline::clock::now() - began;
    job.say(fmt::format("       {} {} is ready after {:.1f} s", kind_of(s).title, s.version, took.count()));
    co_return result<>();
}

}  // namespace

task<result<>> erase_service(parts& p, service s) {
    p.service_servers.running.erase(s.name);
    p.service_servers.restarts.erase(s.name);
    auto removed = co_await p.services.remove(s.name, deadline::after(seconds(60)));
    if (!removed) co_return removed;
    // Renamed first: a name that is taken anew must not meet what is still being removed.
    const auto at = service_directory(p, s.name);
    const auto aside = p.settings.data / "services" / (".gone-" + s.name + "." + random_hex(4));
    co_await p.files.run([&] {
        std::error_code ignored;
        std::filesystem::rename(at, aside, ignored);
        std::filesystem::remove_all(aside, ignored);
    });
    co_await p.db.transaction([&](SQLite::Database& db) { store::remove_service(db, s.id); });
    co_return result<>();
}

task<result<>> run_create(parts& p, service_id id, job_context& job) {
    auto s = co_await load(p, id);
    if (!s) co_return service_gone();
    job.say(fmt::format("-----> Creating {} {} \"{}\", plan {}", kind_of(*s).title, s->version, s->name, s->plan));
    const held_service held(p.service_servers, s->name);
    auto made = co_await job.guard(make(p, *s, job));
    if (!made) {
        (void)co_await erase_service(p, *s);
        co_return made;
    }
    s->made = true;
    co_await p.db.transaction([&](SQLite::Database& db) { store::update_service(db, *s); });
    co_return result<>();
}

std::string_view to_string(server_order o) noexcept {
    switch (o) {
        case server_order::start:
            return "start";
        case server_order::stop:
            return "stop";
        case server_order::restart:
            return "restart";
    }
    return "";
}

// The wish is written before its effect: a restart of this program finishes what was begun.
task<result<>> run_order(parts& p, service_id id, server_order what, job_context& job) {
    auto s = co_await load(p, id);
    if (!s) co_return service_gone();
    job.commit();
    s->stopped = what == server_order::stop;
    co_await p.db.transaction([&](SQLite::Database& db) { store::update_service(db, *s); });
    const held_service held(p.service_servers, s->name);
    if (what != server_order::start) {
        co_await job.step("stop");
        auto stopped = co_await stop_service(p, *s);
        if (!stopped) co_return stopped;
    }
    if (what == server_order::stop || p.service_servers.find(s->name)) co_return result<>();
    co_await job.step("start");
    auto say = job.sink();
    auto up = co_await start_service(p, *s, std::move(say), deadline::after(p.settings.build_deadline));
    if (up) co_await remove_lost_users(p, *s);
    co_return up;
}

task<result<>> run_destroy(parts& p, service_id id, job_context& job) {
    auto s = co_await load(p, id);
    if (!s) co_return service_gone();
    const auto attached =
        co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, id); });
    if (!attached.empty())
        co_return fail(errc::conflict, "service_attached",
                       s->name + " is attached to " + attached.front().app_name + "; detach it first");
    auto last = co_await make_last_backup(p, *s, job);
    if (!last) co_return last;
    job.say("-----> Destroying " + s->name);
    job.commit();
    const held_service held(p.service_servers, s->name);
    (void)co_await stop_service(p, *s);
    co_return co_await erase_service(p, *s);
}

}  // namespace gasper::control
