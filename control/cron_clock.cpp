#include "control/cron_clock.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "control/cron_plan.hpp"
#include "control/one_off_jobs.hpp"
#include "core/base/rounds.hpp"
#include "core/store/apps.hpp"
#include "core/store/cron.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;
using zone_cache = std::map<std::string, result<time_zone>>;

constexpr auto longest_wait = seconds(30);  // the clock of the machine may jump
constexpr auto grace = seconds(300);
constexpr std::size_t most_at_once = 20;  // one-offs of an app

// Whoever runs next to itself has a key for each time.
std::string key_of(const cron_entry& e, sys_time scheduled) {
    auto key = e.app_name + "/cron." + std::to_string(e.id.value);
    if (e.line.overlap == cron_overlap::allow) key += "." + std::to_string(scheduled.time_since_epoch().count());
    return key;
}

std::string called(const cron_entry& e) {
    return "Cron entry " + std::to_string(e.id.value) + " (" + e.line.command.substr(0, 60) + ")";
}

std::string why_not(const parts& p, const cron_entry& e, sys_time scheduled) {
    if (e.line.overlap == cron_overlap::forbid && p.jobs.busy(key_of(e, scheduled))) return "the run before goes on";
    if (p.one_offs.of(e.app_name).size() >= most_at_once) return "too many one-off processes of the app run already";
    return "";
}

task<result<>> work(parts& p, cron_entry e, sys_time scheduled, std::shared_ptr<registered_run> held, sys_time since,
                    job_context& job) {
    auto ended = co_await job.guard(run_one_off(p, e.app, std::move(held), since, job));
    std::string outcome = "succeeded";
    if (!ended) outcome = ended.error().kind == errc::cancelled ? "aborted" : "failed";
    co_await p.db.transaction([&](SQLite::Database& db) { store::set_cron_outcome(db, e.id, scheduled, outcome); });
    if (!ended) co_await note(p, e.app, called(e) + ": " + ended.error().message);
    co_return ended;
}

// The run has been claimed.
task<result<job_id>> begin(parts& p, cron_entry e, sys_time scheduled, std::string user) {
    if (e.line.overlap == cron_overlap::replace && p.cron.last.contains(e.id))
        (void)co_await p.jobs.cancel(p.cron.last[e.id], "the run after it");
    one_off what{.app = e.app_name, .command = e.line.command, .user = user};
    auto held = std::make_shared<registered_run>(p, std::move(what), "cron");
    const auto name = held->what().name;
    const nlohmann::json input{{"entry", e.id.value},
                               {"at", scheduled.time_since_epoch().count()},
                               {"scheduled", to_rfc3339(scheduled)},
                               {"name", name},
                               {"command", e.line.command}};
    job description{.kind = "cron", .key = key_of(e, scheduled), .input = input.dump(), .user = user};
    auto run = [&p, e, scheduled, held](job_context& job) { return work(p, e, scheduled, held, now(), job); };
    held.reset();
    auto id = co_await p.jobs.start(std::move(description), std::move(run));
    if (!id) {
        co_await p.db.transaction(
            [&](SQLite::Database& db) { store::set_cron_outcome(db, e.id, scheduled, "failed"); });
        co_return id.error();
    }
    p.one_offs.set_job(e.app_name, name, *id);
    p.cron.last[e.id] = *id;
    co_await p.db.transaction([&](SQLite::Database& db) { store::set_cron_job(db, e.id, scheduled, *id); });
    co_return *id;
}

task<> report_missed(parts& p, const cron_entry& e, const cron_plan& due) {
    if (due.missed.empty()) co_return;
    const auto number = std::to_string(due.missed_count) + (due.missed_count == 1 ? " run" : " runs");
    p.log.warn("cron runs were missed", {{"app", e.app_name}, {"entry", e.id.value}, {"runs", due.missed_count}});
    co_await note(
        p, e.app,
        called(e) + ": " + number + " missed while Gasper was away, the last of " + to_rfc3339(due.missed.back()));
}

task<> follow(parts& p, const cron_entry& e, const cron_plan& due) {
    if (!due.run && due.missed.empty()) co_return;
    const sys_time last = due.run ? *due.run : due.missed.back();
    const auto refusal = due.run ? why_not(p, e, last) : std::string();
    const std::string outcome = refusal.empty() ? "running" : "skipped";
    const bool ours = co_await p.db.transaction([&](SQLite::Database& db) {
        for (const auto missed : due.missed)
            store::claim_cron_run(db, e.id, missed, "missed");
        store::set_cron_seen(db, e.id, last);
        return due.run && store::claim_cron_run(db, e.id, last, outcome);
    });
    co_await report_missed(p, e, due);
    if (!ours) co_return;
    if (!refusal.empty()) {
        co_await note(p, e.app, called(e) + " skipped: " + refusal);
        co_return;
    }
    auto begun = co_await begin(p, e, last, "cron");
    if (!begun) p.log.warn("a cron run did not begin", {{"app", e.app_name}, {"reason", begun.error().message}});
}

task<> report_interrupted(parts& p) {
    const auto cut = co_await p.db.transaction([](SQLite::Database& db) { return store::interrupt_cron_runs(db); });
    for (const auto& [e, run] : cut)
        co_await note(p, e.app,
                      called(e) + ": the run of " + to_rfc3339(run.scheduled) +
                          " was interrupted by a restart; it is not run again");
}

task<const result<time_zone>*> zone_of(parts& p, zone_cache& zones, std::string name) {
    if (const auto known = zones.find(name); known != zones.end()) co_return &known->second;
    auto loaded = co_await p.files.run([&name] { return load_time_zone(name); });
    if (!loaded) p.log.warn("no such time zone", {{"zone", name}});
    co_return &zones.emplace(name, std::move(loaded)).first->second;
}

}  // namespace

task<> cron_board::wait(deadline until) {
    if (!std::exchange(woken_, false)) {
        changed_.expires_at(until.at());
        boost::system::error_code woken;
        co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
            throw boost::system::system_error(asio::error::operation_aborted);
        woken_ = false;
    }
}

namespace {

// When the clock comes back to where it was, nothing was missed.
void forget_known(const parts& p, const cron_entry& e, cron_plan& due) {
    const auto known = p.cron.dealt_with.find(e.id);
    if (known == p.cron.dealt_with.end() || due.missed.empty() || due.missed.back() > known->second) return;
    due.missed.clear();
    due.missed_count = 0;
}

// What is due now begins. When the next is.
task<sys_time> look_at_clock(parts& p, zone_cache& zones) {
    const auto at = p.cron.clock();
    std::vector<cron_entry> rewound;
    const auto entries = co_await p.db.transaction([&](SQLite::Database& db) {
        rewound = store::rewind_cron(db, at);
        store::follow_releases(db, at);
        return store::active_cron_entries(db);
    });
    if (!rewound.empty()) p.log.warn("the clock went back: cron goes on from here", {{"entries", rewound.size()}});
    for (const auto& e : rewound)
        p.cron.dealt_with[e.id] = std::max(p.cron.dealt_with[e.id], e.seen);
    auto next = at + longest_wait;
    for (const auto& e : entries) {
        const auto schedule = cron_expression::parse(e.line.schedule);
        const auto* zone = co_await zone_of(p, zones, e.line.zone);
        if (!schedule || !*zone) continue;
        auto due = plan_cron(*schedule, **zone, e.seen, at, grace);
        forget_known(p, e, due);
        co_await follow(p, e, due);
        if (due.next) next = std::min<sys_time>(next, *due.next);
    }
    ++p.cron.rounds;
    co_return next;
}

task<> cron_round(parts& p, zone_cache& zones) {
    const auto next = co_await look_at_clock(p, zones);
    co_await p.cron.wait(deadline::after(std::max(next - p.cron.clock(), std::chrono::milliseconds(1))));
}

}  // namespace

task<> run_cron(parts& p) {
    co_await report_interrupted(p);
    zone_cache zones;
    auto turn = [&p, &zones] { return cron_round(p, zones); };
    co_await repeat(p.log, "cron", std::chrono::milliseconds(0), std::move(turn));
}

task<result<job_id>> run_cron_entry(parts& p, cron_entry e, std::string user) {
    const auto at = p.cron.clock();
    if (const auto refusal = why_not(p, e, at); !refusal.empty())
        co_return fail(errc::conflict, "cron_busy", called(e) + ": " + refusal);
    const bool ours =
        co_await p.db.transaction([&](SQLite::Database& db) { return store::claim_cron_run(db, e.id, at, "running"); });
    if (!ours) co_return fail(errc::conflict, "cron_busy", called(e) + " has been begun this very moment");
    co_return co_await begin(p, std::move(e), at, std::move(user));
}

task<result<job_runner::work>> resume_cron(parts& p, job cut) {
    const auto input = nlohmann::json::parse(cut.input);
    const cron_id id{input.at("entry").get<std::int64_t>()};
    const sys_time scheduled{std::chrono::milliseconds(input.at("at").get<std::int64_t>())};
    const auto e = co_await p.db.transaction([&](SQLite::Database& db) -> std::optional<cron_entry> {
        const auto a = store::find_app(db, cut.app());
        auto found = a ? store::find_cron_entry(db, a->id, id) : std::nullopt;
        if (found) store::set_cron_job(db, id, scheduled, cut.id);
        return found;
    });
    if (!e) co_return fail(errc::not_found, "cron_not_found", "its cron entry was removed");
    one_off what{.app = e->app_name,
                 .name = input.at("name").get<std::string>(),
                 .command = input.at("command").get<std::string>(),
                 .user = cut.user,
                 .job = cut.id,
                 .since = cut.created};
    auto held = std::make_shared<registered_run>(p, std::move(what));
    p.cron.last[id] = cut.id;
    co_return [&p, e = *e, scheduled, held, since = cut.created](job_context& job) {
        return work(p, e, scheduled, held, since, job);
    };
}

task<result<>> check_zones(parts& p, std::vector<cron_line> lines) {
    co_return co_await p.files.run([&lines]() -> result<> {
        for (const auto& line : lines)
            if (auto zone = load_time_zone(line.zone); !zone) return zone.error();
        return {};
    });
}

}  // namespace gasper::control
