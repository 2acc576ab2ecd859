#include "control/services/service_jobs.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/backups/backup_jobs.hpp"
#include "control/services/held.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/ways.hpp"
#include "control/switch.hpp"
#include "core/base/crypto.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

task<std::optional<service>> load(parts& p, service_id id) {
    co_return co_await p.db.read([id](SQLite::Database& db) { return store::find_service(db, id); });
}

task<std::optional<service>> of_key(parts& p, std::string key) {
    const auto name = key.substr(service_job_prefix.size());
    co_return co_await p.db.read([&](SQLite::Database& db) { return store::find_service(db, name); });
}

error service_gone() {
    return fail(errc::not_found, "service_not_found", "the service is gone");
}

result<> check_free(SQLite::Database& db, const secret_box& box, const service& s) {
    const auto attached = store::attachments_of(db, box, s.id);
    if (attached.empty()) return {};
    return fail(errc::conflict, "service_attached",
                s.name + " is attached to " + attached.front().app_name + "; detach it first");
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
    auto cleared = co_await clear_service(p, s);
    if (!cleared) co_return cleared;
    co_await p.db.transaction([&](SQLite::Database& db) { store::remove_service(db, s.id); });
    co_return result<>();
}

task<result<>> clear_service(parts& p, service s) {
    p.doors.close(s.name);
    p.tunnels.end_all(s.name);
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
    job.commit();
    s->made = true;
    co_await p.db.transaction([&](SQLite::Database& db) {
        store::update_service(db, *s);
        job.step_in(db, committed_step);
    });
    co_return result<>();
}

task<result<job_id>> start_create(parts& p, service s, std::string user) {
    const nlohmann::json input{{"kind", s.kind}, {"version", s.version}, {"plan", s.plan}};
    job description{
        .kind = "service-create", .key = service_job_key(s.name), .input = input.dump(), .user = std::move(user)};
    auto run = [&p, id = s.id](job_context& job) { return run_create(p, id, job); };
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

// What it had made serves nobody yet: it is made once more, in the same places.
task<result<job_runner::work>> resume_create(parts& p, job cut) {
    const auto s = co_await of_key(p, cut.key);
    if (!s) co_return service_gone();
    co_return [&p, id = s->id](job_context& job) { return run_create(p, id, job); };
}

task<> clear_create(parts& p, job cut, std::string) {
    const auto s = co_await of_key(p, cut.key);
    if (!s || s->made) co_return;
    auto erased = co_await erase_service(p, *s);
    if (!erased) p.log.warn("a service that was not made is left", {{"service", s->name}});
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

// The wish is written before its effect: a restart of this program finishes what was begun. A server that was stopped
// for its restart is not stopped again: whoever watches may have brought it back.
task<result<>> run_order(parts& p, service_id id, server_order what, job_context& job) {
    auto s = co_await load(p, id);
    if (!s) co_return service_gone();
    job.commit();
    s->stopped = what == server_order::stop;
    co_await p.db.transaction([&](SQLite::Database& db) { store::update_service(db, *s); });
    const held_service held(p.service_servers, s->name);
    co_await wait_for_watchers(p, s->name, deadline::after(patience_for(*s)));
    if (what != server_order::start && !job.did("stop")) {
        co_await job.step("stop");
        auto stopped = co_await stop_service(p, *s);
        if (!stopped) co_return stopped;
    }
    if (what == server_order::stop || p.service_servers.find(s->name)) co_return result<>();
    co_await job.step("start");
    auto say = job.sink();
    auto up = co_await start_service(p, *s, std::move(say), deadline::after(p.settings.build_deadline));
    if (up) co_await close_lost_ways(p, *s);
    co_return up;
}

namespace {

job_runner::work order_work(parts& p, service_id id, server_order what) {
    return [&p, id, what](job_context& job) { return run_order(p, id, what, job); };
}

}  // namespace

task<result<job_id>> start_order(parts& p, service s, server_order what, std::string user) {
    job description{.kind = std::string(order_prefix) + std::string(to_string(what)),
                    .key = service_job_key(s.name),
                    .input = "{}",
                    .user = std::move(user)};
    auto run = order_work(p, s.id, what);
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

std::optional<server_order> order_of(const job& j) {
    for (const auto one : {server_order::start, server_order::stop, server_order::restart})
        if (j.kind == std::string(order_prefix) + std::string(to_string(one))) return one;
    return std::nullopt;
}

task<result<job_runner::work>> resume_order(parts& p, job cut) {
    const auto s = co_await of_key(p, cut.key);
    if (!s) co_return service_gone();
    co_return order_work(p, s->id, order_of(cut).value());
}

task<> clear_order(parts& p, job cut, std::string) {
    const auto s = co_await of_key(p, cut.key);
    if (s && s->made && s->stopped) p.background.spawn("service " + s->name, finish_stop(p, *s));
}

// A stop that was asked for, and whose job does not go on.
task<> finish_stop(parts& p, service s) {
    auto stopped = co_await stop_service(p, s);
    if (!stopped) p.log.warn("a service is not stopped", {{"service", s.name}, {"reason", stopped.error().message}});
}

task<result<>> run_destroy(parts& p, service_id id, job_context& job) {
    auto s = co_await load(p, id);
    if (!s) co_return service_gone();
    auto free = co_await p.db.read([&](SQLite::Database& db) { return check_free(db, p.box, *s); });
    if (!free) co_return free;
    auto last = co_await make_last_backup(p, *s, job);
    if (!last) co_return last;
    job.say("-----> Destroying " + s->name);
    job.commit();
    const held_service held(p.service_servers, s->name);
    // The last backup took its time: an app may have been attached meanwhile.
    auto begun = co_await p.db.transaction([&](SQLite::Database& db) {
        auto still_free = check_free(db, p.box, *s);
        if (!still_free) return still_free;
        s->made = false;
        store::update_service(db, *s);
        job.step_in(db, committed_step);
        return still_free;
    });
    if (!begun) co_return begun;
    (void)co_await stop_service(p, *s);
    co_return co_await erase_service(p, *s);
}

task<result<job_runner::work>> resume_destroy(parts& p, job cut) {
    const auto s = co_await of_key(p, cut.key);
    if (!s) co_return service_gone();
    co_return [&p, id = s->id](job_context& job) { return run_destroy(p, id, job); };
}

}  // namespace gasper::control
