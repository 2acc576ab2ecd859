#include "control/backups/backup_clock.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "control/backups/backup_jobs.hpp"
#include "control/backups/places.hpp"
#include "control/backups/taking_place.hpp"
#include "control/cron_plan.hpp"
#include "core/base/rounds.hpp"
#include "core/base/time_zone.hpp"
#include "core/store/backups.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

constexpr auto longest_wait = seconds(30);  // the clock of the machine may jump
constexpr auto made_up_for = std::chrono::hours(24);
constexpr auto allowed = std::chrono::hours(1);  // from a backup's time to its being verified

bool verified_since(const std::vector<backup>& all, sys_time at) {
    return std::any_of(all.begin(), all.end(), [&](const backup& b) { return b.verified && b.created >= at; });
}

// Since when a verified backup is missing, when that is more than an hour.
bool has_overdue_time(const backup_schedule& s, sys_time now) {
    return s.unproved > s.created && now - s.unproved > allowed;
}

std::string words_of_overdue(const backup_schedule& s) {
    return "there is no verified backup of " + to_rfc3339(s.unproved) + " or later";
}

backup_id backup_of(const job& j) {
    const auto input = nlohmann::json::parse(j.input, nullptr, false);
    return {input.is_object() ? input.value("backup", std::int64_t{0}) : 0};
}

task<> begin(parts& p, backup_schedule s) {
    const auto of = co_await p.db.read([&](SQLite::Database& db) { return store::find_service(db, s.service); });
    if (!of || of->stopped) co_return;  // one that is stopped on purpose does not change
    auto begun = co_await start_backup(p, *of, s.place, "schedule", "gasper");
    if (!begun) co_await tell_backup_event(p, "backup.failed", s.service_name, begun.error().message);
}

// What the store says of it for a look.
struct schedule_now {
    bool stopped{false};  // on purpose, or gone: it does not change
    sys_time newest{};    // when the newest verified backup was taken
};

task<schedule_now> now_of(parts& p, service_id id, std::string name) {
    co_return co_await p.db.read([&](SQLite::Database& db) {
        const auto s = store::find_service(db, id);
        schedule_now now{.stopped = !s || s->stopped};
        for (const auto& b : store::backups_of(db, name))
            if (b.verified) now.newest = std::max(now.newest, b.created);
        return now;
    });
}

task<> look_for_overdue(parts& p, backup_schedule s, schedule_now now, sys_time at) {
    if (!has_overdue_time(s, at) || s.alarmed == s.unproved) co_return;
    if (now.stopped || now.newest >= s.unproved) co_return;
    s.alarmed = s.unproved;
    co_await p.db.transaction([&](SQLite::Database& db) {
        if (store::update_backup_schedule(db, s))
            add_backup_event(db, p.box, "backup.overdue", s.service_name, words_of_overdue(s));
    });
}

// What of it is due begins, what is overdue is told. When to look at it again.
task<sys_time> look_at_one(parts& p, backup_schedule s, sys_time at) {
    const auto expression = cron_expression::parse(s.schedule);
    const auto load = [&s] { return load_time_zone(s.zone); };
    const auto zone = co_await p.files.run(load);
    if (!expression || !zone) co_return sys_time::max();
    const auto due = plan_cron(*expression, *zone, s.seen, at, made_up_for);
    const auto now = co_await now_of(p, s.service, s.service_name);
    const auto before = s;
    note_proved(s, now.newest, *expression, *zone);
    note_due(s, due, !now.stopped);
    bool there = true;
    if (s.seen != before.seen || s.unproved != before.unproved)
        there = co_await p.db.transaction([&](SQLite::Database& db) { return store::update_backup_schedule(db, s); });
    if (!there) co_return sys_time::max();
    if (due.run) co_await begin(p, s);
    co_await look_for_overdue(p, s, now, at);
    co_return due.next ? sys_time(*due.next) : sys_time::max();
}

// Its fault costs the other schedules nothing: it is looked at again in the next round.
task<sys_time> look_at_one_alone(parts& p, backup_schedule s, sys_time at) {
    std::string fault;
    try {
        co_return co_await look_at_one(p, s, at);
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted) throw;
        fault = e.what();
    } catch (const std::exception& e) {
        fault = e.what();
    }
    p.log.error("a schedule's look failed", {{"service", s.service_name}, {"reason", fault}});
    co_return sys_time::max();
}

}  // namespace

std::string backup_alarm(const std::optional<backup_schedule>& schedule, const std::vector<backup>& all, sys_time now) {
    for (const auto& b : all) {
        if (b.state == backup_state::running) continue;
        if (!b.problem.empty()) return "backup " + std::to_string(b.id.value) + " failed: " + b.problem;
        break;
    }
    if (schedule && has_overdue_time(*schedule, now) && !verified_since(all, schedule->unproved))
        return words_of_overdue(*schedule);
    return {};
}

void note_due(backup_schedule& s, const cron_plan& due, bool counts) {
    if (!due.run && due.missed.empty()) return;
    const auto first = due.missed.empty() ? *due.run : due.missed.front();
    s.seen = due.run ? *due.run : due.missed.back();
    if (counts && s.unproved == sys_time{}) s.unproved = first;
}

void note_proved(backup_schedule& s, sys_time newest, const cron_expression& expression, const time_zone& zone) {
    if (s.unproved == sys_time{} || newest < s.unproved) return;
    const auto after = expression.next(std::chrono::floor<seconds>(newest), zone);
    s.unproved = after && *after <= s.seen ? sys_time(*after) : sys_time{};
}

task<> recover_backups(parts& p, std::vector<job> going_on) {
    std::set<backup_id> made_again;
    std::set<job_id> jobs;
    for (const auto& j : going_on) {
        jobs.insert(j.id);
        if (j.kind == "backup") made_again.insert(backup_of(j));
    }
    co_await p.db.transaction([&](SQLite::Database& db) {
        for (const auto& b : store::fail_interrupted_backups(db, made_again))
            add_backup_event(db, p.box, "backup.failed", b.service_name,
                             "backup " + std::to_string(b.id.value) + ": " + b.problem);
    });
    co_await sweep_unfinished_backups(p);
    co_await sweep_beside(p, std::move(jobs));
}

task<sys_time> look_at_backup_schedules(parts& p) {
    const auto at = p.cron.clock();
    sys_time again = at + longest_wait;
    auto all = co_await p.db.read([](SQLite::Database& db) { return store::all_backup_schedules(db); });
    for (auto& s : all) {
        const auto next = co_await look_at_one_alone(p, s, at);
        again = std::min(again, next);
    }
    co_return again;
}

namespace {

task<> backup_round(parts& p) {
    const auto again = co_await look_at_backup_schedules(p);
    const auto pause = std::clamp<std::chrono::milliseconds>(again - p.cron.clock(), seconds(1), longest_wait);
    co_await sleep_until(deadline::after(pause));
}

}  // namespace

task<> run_backup_clock(parts& p) {
    auto turn = [&p] { return backup_round(p); };
    co_await repeat(p.log, "backups", std::chrono::milliseconds(0), std::move(turn));
}

}  // namespace gasper::control
