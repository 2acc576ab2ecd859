#include "control/archives/archives.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>

#include "control/archives/archive_jobs.hpp"
#include "control/archives/collecting.hpp"
#include "control/audit.hpp"
#include "control/backups/places.hpp"
#include "control/platform.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "control/services/services.hpp"
#include "core/store/archives.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::minutes;

error not_archived(const std::string& name) {
    return fail(errc::not_found, "archive_not_found", name + " is not archived; see services:archive");
}

task<archive_contents> contents_of_all(parts& p, const std::vector<archive>& all) {
    archive_contents found;
    for (const auto& a : all) {
        auto part = co_await contents_of(p, a.id);
        found.bases.insert(found.bases.end(), part.bases.begin(), part.bases.end());
        found.segments.insert(found.segments.end(), part.segments.begin(), part.segments.end());
    }
    std::stable_sort(found.bases.begin(), found.bases.end(),
                     [](const archive_base& a, const archive_base& b) { return a.begins < b.begins; });
    co_return found;
}

// A new row, or the one that is there as it shall be. Another place begins a new run: a run is in one place.
archive_id write_archive(SQLite::Database& db, const service& s, const std::string& place, int keep, sys_time at) {
    auto a = store::archive_of(db, s.id);
    if (!a) {
        archive made;
        made.service = s.id;
        made.service_name = s.name;
        made.owner = s.owner;
        made.kind = s.kind;
        made.plan = s.plan;
        if (!place.empty()) made.place = place;
        if (keep > 0) made.keep = keep;
        made.created = at;
        return store::add_archive(db, made);
    }
    if (!a->on || (!place.empty() && place != a->place)) a->run.clear();
    if (!place.empty()) a->place = place;
    if (keep > 0) a->keep = keep;
    a->on = true;
    store::update_archive(db, *a);
    return a->id;
}

// Not in the store when the server refuses it.
task<> take_back(parts& p, archive_id id) {
    co_await p.db.transaction([id](SQLite::Database& db) {
        const bool empty = store::bases_of(db, id).empty() && store::segments_of(db, id).empty();
        if (empty) store::remove_archive(db, id);
    });
}

}  // namespace

task<result<std::vector<archive>>> archives::visible(identity who, std::string service) {
    auto all =
        co_await platform_.shared().db.read([&](SQLite::Database& db) { return store::archives_named(db, service); });
    std::erase_if(all, [&](const archive& a) { return !(who.admin || a.owner == who.id); });
    // That of the service that is there first.
    std::stable_partition(all.begin(), all.end(), [](const archive& a) { return bool(a.service); });
    if (!all.empty()) co_return all;
    auto s = co_await services(platform_).authorize(who, service);
    if (!s) co_return s.error();
    co_return not_archived(service);
}

task<result<job_id>> archives::turn_on(identity who, std::string service_name, std::string place, int keep) {
    auto s = co_await services(platform_).authorize(who, service_name);
    if (!s) co_return s.error();
    const auto& kind = kind_of(*s);
    if (!kind.archives)
        co_return fail(errc::invalid, "not_archivable", kind.title + " has no archive: back it up by a schedule");
    if (keep < 0 || keep > longest_kept)
        co_return fail(errc::invalid, "archive_keep", fmt::format("--keep takes 1 to {} days", longest_kept));
    auto& p = platform_.shared();
    if (!p.service_servers.find(service_name))
        co_return fail(errc::conflict, "service_not_running",
                       service_name + " does not run; see services:info " + service_name);
    const auto checked = place.empty() ? std::string("local") : place;
    auto known = co_await backup_place_of(p, checked);
    if (!known) co_return known.error();
    const auto at = p.cron.clock();
    const auto id =
        co_await p.db.transaction([&](SQLite::Database& db) { return write_archive(db, *s, place, keep, at); });
    auto begun = co_await collect_segments(p, id, deadline::after(minutes(2)));
    if (!begun) {
        co_await take_back(p, id);
        co_return begun.error();
    }
    const auto a = co_await p.db.read([id](SQLite::Database& db) { return store::find_archive(db, id); });
    if (!a) co_return not_archived(service_name);
    co_await record(p, who.name, "archive.on", service_job_key(service_name),
                    fmt::format("{} days, to {}", a->keep, a->place));
    co_return co_await start_base(p, *a, who.name);
}

task<result<>> archives::turn_off(identity who, std::string service_name) {
    auto s = co_await services(platform_).authorize(who, service_name);
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    const auto a = co_await p.db.read([&](SQLite::Database& db) { return store::archive_of(db, s->id); });
    if (!a || !a->on) co_return not_archived(service_name);
    // What the server still holds belongs to what is archived.
    (void)co_await collect_until_now(p, a->id, deadline::after(minutes(2)));
    std::function<void(archive&)> change = [](archive& now) {
        now.on = false;
        now.problem.clear();
        now.base_problem.clear();
        now.failing = {};
    };
    co_await change_archive(p, a->id, std::move(change));
    // A server that does not run is told when it does.
    (void)co_await collect_segments(p, a->id, deadline::after(minutes(2)));
    co_await record(p, who.name, "archive.off", service_job_key(service_name));
    co_return result<>();
}

task<result<archive_view>> archives::show(identity who, std::string service_name) {
    auto all = co_await visible(who, service_name);
    if (!all) co_return all.error();
    auto& p = platform_.shared();
    const auto found = co_await contents_of_all(p, *all);
    archive_view v;
    v.info = all->front();
    v.covered = covered_by(found);
    for (const auto& b : found.bases) {
        v.size += b.size;
        if (b.verified) v.base = b.begins;
    }
    for (const auto& s : found.segments) {
        v.size += s.size;
        if (!v.segment || s.until > *v.segment) v.segment = s.until;
    }
    v.alarm = archive_alarm(v.info, p.cron.clock());
    co_return v;
}

// What was written since the newest segment is brought in by the job: the server has it.
task<result<archive_base>> archives::base_for(std::vector<archive> all, sys_time at) {
    auto& p = platform_.shared();
    const auto found = co_await contents_of_all(p, all);
    auto plan = plan_recovery(found, at);
    if (plan) co_return std::move(plan->base);
    if (at > p.cron.clock())
        co_return fail(errc::invalid, "not_covered",
                       to_rfc3339(at) + " is in the future; covered is " + to_string(covered_by(found)));
    const auto& a = all.front();
    const bool runs = a.on && a.service && p.service_servers.find(a.service_name);
    for (auto b = found.bases.rbegin(); runs && b != found.bases.rend(); ++b)
        if (b->verified && b->archive == a.id && b->run == a.run && b->begins <= at) {
            const auto covered = covered_by(found);
            if (!covered.empty() && at > covered.back().until) co_return *b;
        }
    co_return plan.error();
}

task<result<job_id>> archives::recover(identity who, recovery_request wanted) {
    auto all = co_await visible(who, wanted.service);
    if (!all) co_return all.error();
    auto base = co_await base_for(*all, wanted.at);
    if (!base) co_return base.error();
    const auto of = std::find_if(all->begin(), all->end(), [&](const archive& a) { return a.id == base->archive; });
    auto& p = platform_.shared();
    if (!wanted.into.empty()) {
        new_service made{.kind = of->kind, .name = wanted.into, .plan = of->plan, .version = base->version};
        auto into = co_await services(platform_).add(who, std::move(made));
        if (!into) co_return into.error();
        co_return co_await start_recovery(p, *into, of->id, wanted.at, true, who.name);
    }
    const auto& name = wanted.service;
    if (wanted.confirm != name)
        co_return fail(errc::invalid, "confirm_mismatch",
                       "this replaces all that is in " + name + "; confirm with its name: " + name);
    auto s = co_await services(platform_).authorize(who, name);
    if (!s) co_return s.error();
    co_return co_await start_recovery(p, *s, of->id, wanted.at, false, who.name);
}

}  // namespace gasper::control
