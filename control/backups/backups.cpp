#include "control/backups/backups.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>

#include "control/audit.hpp"
#include "control/backups/backup_clock.hpp"
#include "control/backups/backup_jobs.hpp"
#include "control/backups/dump_download.hpp"
#include "control/backups/places.hpp"
#include "control/cron_clock.hpp"
#include "control/platform.hpp"
#include "control/services/filling.hpp"
#include "control/services/service_jobs.hpp"
#include "control/services/services.hpp"
#include "core/backups/retention.hpp"
#include "core/base/cron_expression.hpp"
#include "core/store/backups.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

error no_such_backup(const std::string& service, std::int64_t id) {
    return fail(errc::not_found, "backup_not_found", service + " has no backup " + std::to_string(id));
}

result<> check_confirmed(const std::string& confirm, const std::string& name) {
    if (confirm == name) return {};
    return fail(errc::invalid, "confirm_mismatch",
                "this replaces all that is in " + name + "; confirm with its name: " + name);
}

}  // namespace

task<result<std::vector<backup>>> backups::visible(identity who, std::string service) {
    auto all =
        co_await platform_.shared().db.read([&](SQLite::Database& db) { return store::backups_of(db, service); });
    std::erase_if(all, [&](const backup& b) { return !(who.admin || b.owner == who.id); });
    if (!all.empty()) co_return all;
    auto s = co_await services(platform_).authorize(who, service);
    if (!s) co_return s.error();
    co_return all;
}

task<result<job_id>> backups::make(identity who, std::string service, std::string place) {
    auto s = co_await services(platform_).authorize(who, service);
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    if (auto own = check_not_filled(p, *s); !own) co_return own.error();
    if (!p.service_servers.find(service))
        co_return fail(errc::conflict, "service_not_running", service + " does not run; see services:info " + service);
    if (place.empty()) place = "local";
    co_return co_await start_backup(p, *s, std::move(place), "manual", who.name);
}

task<result<backup_overview>> backups::list(identity who, std::string service) {
    auto all = co_await visible(who, service);
    if (!all) co_return all.error();
    auto& p = platform_.shared();
    backup_overview o;
    o.all = std::move(*all);
    o.schedule = co_await p.db.read([&](SQLite::Database& db) -> std::optional<backup_schedule> {
        const auto s = store::find_service(db, service);
        if (!s || !(who.admin || s->owner == who.id)) return std::nullopt;
        return store::find_backup_schedule(db, s->id);
    });
    const auto at = p.cron.clock();
    o.alarm = backup_alarm(o.schedule, o.all, at);
    auto archived = co_await archives(platform_).show(who, service);
    if (archived) o.archive = std::move(*archived);
    if (!o.schedule) co_return o;
    const auto load = [&o] { return load_time_zone(o.schedule->zone); };
    const auto zone = co_await p.files.run(load);
    const auto expression = cron_expression::parse(o.schedule->schedule);
    if (zone && expression) o.next = expression->next(std::chrono::floor<seconds>(at), *zone);
    co_return o;
}

task<result<backup>> backups::info(identity who, std::string service, std::int64_t id) {
    auto all = co_await visible(who, service);
    if (!all) co_return all.error();
    const auto at = std::find_if(all->begin(), all->end(), [id](const backup& b) { return b.id.value == id; });
    if (at == all->end()) co_return no_such_backup(service, id);
    co_return *at;
}

task<result<>> backups::remove(identity who, std::string service, std::int64_t id) {
    auto b = co_await info(who, service, id);
    if (!b) co_return b.error();
    if (b->state == backup_state::running)
        co_return fail(errc::conflict, "backup_running", "the backup is being made; cancel its job first");
    auto& p = platform_.shared();
    auto place = co_await backup_place_of(p, b->place);
    if (!place) co_return place.error();
    auto removed = co_await (*place)->remove(b->object, deadline::after(seconds(60)));
    if (!removed) co_return removed;
    co_await p.db.transaction([&](SQLite::Database& db) { store::remove_backup(db, b->id); });
    co_await record(p, who.name, "backup.removed", service_job_key(service), "backup " + std::to_string(id));
    co_return result<>();
}

task<result<backup_overview>> backups::schedule(identity who, std::string service, backup_schedule wanted) {
    auto s = co_await services(platform_).authorize(who, service);
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    if (auto expression = cron_expression::parse(wanted.schedule); !expression) co_return expression.error();
    auto rule = parse_keep_rule(wanted.keep);
    if (!rule) co_return rule.error();
    wanted.keep = to_string(*rule);
    auto place = co_await backup_place_of(p, wanted.place);
    if (!place) co_return place.error();
    const auto load = [&wanted] { return load_time_zone(wanted.zone); };
    auto zone = co_await p.files.run(load);
    if (!zone) co_return zone.error();
    wanted.service = s->id;
    wanted.created = wanted.seen = p.cron.clock();
    wanted.alarmed = {};
    co_await p.db.transaction([&](SQLite::Database& db) { store::set_backup_schedule(db, wanted); });
    co_await record(p, who.name, "backup.scheduled", service_job_key(service), wanted.schedule + ", " + wanted.keep);
    co_return co_await list(who, service);
}

task<result<>> backups::unschedule(identity who, std::string service) {
    auto s = co_await services(platform_).authorize(who, service);
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    const bool was =
        co_await p.db.transaction([&](SQLite::Database& db) { return store::remove_backup_schedule(db, s->id); });
    if (!was) co_return fail(errc::not_found, "no_backup_schedule", service + " has no schedule");
    co_await record(p, who.name, "backup.unscheduled", service_job_key(service));
    co_return result<>();
}

task<result<job_id>> backups::restore(identity who, restore_request wanted) {
    auto b = co_await info(who, wanted.service, wanted.backup);
    if (!b) co_return b.error();
    if (b->state != backup_state::stored)
        co_return fail(errc::conflict, "backup_not_stored", "this backup is not whole");
    auto& p = platform_.shared();
    if (!wanted.into.empty()) {
        new_service made{.kind = b->kind, .name = wanted.into, .plan = b->plan, .version = b->version};
        auto into = co_await services(platform_).add(who, std::move(made));
        if (!into) co_return into.error();
        co_return co_await start_restore(p, *into, *b, true, who.name);
    }
    if (auto sure = check_confirmed(wanted.confirm, wanted.service); !sure) co_return sure.error();
    auto s = co_await services(platform_).authorize(who, wanted.service);
    if (!s) co_return s.error();
    co_return co_await start_restore(p, *s, *b, false, who.name);
}

task<result<std::unique_ptr<runtime::terminal>>> backups::export_dump(identity who, std::string service) {
    auto s = co_await services(platform_).authorize(who, service);
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    const auto* running = p.service_servers.find(service);
    if (!running) co_return fail(errc::conflict, "service_not_running", service + " does not run");
    runtime::exec_options how;
    how.command = {"gasper-service", "dump"};
    const auto container = running->container;
    auto opened = co_await p.cluster.exec(container, std::move(how));
    if (opened) co_await record(p, who.name, "service.exported", service_job_key(service));
    co_return opened;
}

task<result<std::unique_ptr<runtime::terminal>>> backups::download(identity who, std::string service, std::int64_t id) {
    auto b = co_await info(who, service, id);
    if (!b) co_return b.error();
    if (b->state != backup_state::stored)
        co_return fail(errc::conflict, "backup_not_stored", "this backup is not whole");
    auto& p = platform_.shared();
    auto opened = co_await open_dump_download(p, *b);
    if (opened)
        co_await record(p, who.name, "backup.downloaded", service_job_key(service), "backup " + std::to_string(id));
    co_return opened;
}

task<result<job_id>> backups::import_dump(identity who, std::string service, std::string confirm,
                                          std::shared_ptr<dump_pipe> from) {
    auto s = co_await services(platform_).authorize(who, service);
    if (!s) co_return s.error();
    if (auto sure = check_confirmed(confirm, service); !sure) co_return sure.error();
    auto& p = platform_.shared();
    // However the job ends, also before it began: the client is not left writing.
    std::shared_ptr<dump_pipe> reader(from.get(), [from](dump_pipe* pipe) { pipe->close_reader(); });
    job description{.kind = "import", .key = service_job_key(service), .input = "{}", .user = who.name};
    auto run = [&p, id = s->id, reader](job_context& job) {
        verb_input take = [reader] { return reader->take(); };
        return run_import(p, id, std::move(take), job);
    };
    reader.reset();
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

}  // namespace gasper::control
