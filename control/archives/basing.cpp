#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/archives/archive_jobs.hpp"
#include "control/archives/archive_verbs.hpp"
#include "control/archives/collecting.hpp"
#include "control/backups/backup_jobs.hpp"
#include "control/backups/s3_signature.hpp"
#include "control/backups/streaming.hpp"
#include "control/backups/taking_place.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "control/switch.hpp"
#include "core/store/archives.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto longest_base = hours(12);

/// What a base backup is made of, and what it is compared with.
struct base_work {
    archive a;
    service s;
    archive_base b;
    contents before, after;
};

// What an earlier process began, and did not end.
task<> drop_unfinished_bases(parts& p, archive_id id) {
    const auto all = co_await p.db.read([id](SQLite::Database& db) { return store::bases_of(db, id); });
    for (const auto& b : all) {
        if (b.verified) continue;
        auto place = co_await backup_place_of(p, b.place);
        if (place) (void)co_await (*place)->remove(b.object, deadline::after(seconds(60)));
        co_await p.db.transaction([&](SQLite::Database& db) { store::remove_archive_base(db, b.id); });
    }
}

task<> note_base(parts& p, base_work& w) {
    w.b.archive = w.a.id;
    w.b.run = w.a.run;
    w.b.version = w.s.version;
    w.b.place = w.a.place;
    w.b.created = p.cron.clock();
    w.b.object = fmt::format("{}/archive-{}/{}-{}.base", w.s.name, w.b.run,
                             s3_time(std::chrono::floor<seconds>(w.b.created)), random_hex(4));
    w.b.id = co_await p.db.transaction([&](SQLite::Database& db) { return store::add_archive_base(db, w.b); });
}

task<result<>> record_base(parts& p, std::string container, backup_recorder& recorder, deadline until) {
    std::vector<std::string> words{"archive-base"};
    verb_output take = [&recorder](std::string piece) { return recorder.take(std::move(piece)); };
    verb_input nothing;
    auto streamed =
        co_await stream_verb(p, std::move(container), std::move(words), std::move(nothing), std::move(take), until);
    if (!streamed) co_return streamed;
    co_return co_await recorder.finish();
}

task<result<>> store_base(parts& p, base_work& w, std::string container, job_context& job) {
    const auto until = deadline::after(longest_base);
    auto place = co_await backup_place_of(p, w.b.place);
    if (!place) co_return place.error();
    auto sink = co_await (*place)->create(w.b.object, until);
    if (!sink) co_return sink.error();
    const backup_header header{w.s.kind, archive_label(w.s.name, w.b.run, "base"), w.s.version,
                               std::chrono::floor<seconds>(w.b.created)};
    backup_recorder recorder(p, std::move(*sink), header, until);
    auto work = record_base(p, container, recorder, until);
    auto stored = co_await job.guard(std::move(work));
    if (!stored) {
        co_await recorder.drop();
        co_return stored;
    }
    w.b.begins = p.cron.clock();
    w.b.size = recorder.size();
    w.b.full_size = recorder.dump_size();
    std::vector<std::string> words{"archive-facts"};
    auto facts = co_await run_verb(p, container, std::move(words), "", deadline::after(seconds(30)));
    if (!facts) co_return facts.error();
    auto ends = parse_facts(*facts);
    if (!ends) co_return ends.error();
    w.b.first = ends->first;
    w.b.last = ends->second;
    co_return result<>();
}

// What it needs of the log, out of the spool.
task<result<recovery_plan>> collect_for_base(parts& p, const base_work& w) {
    const auto until = deadline::after(minutes(15));
    auto collected = co_await collect_segments(p, w.a.id, until);
    if (!collected) co_return collected.error();
    auto all = co_await contents_of(p, w.a.id);
    co_return plan_proof(all, w.b);
}

task<result<>> prove_base(parts& p, const base_work& w, recovery_plan plan, job_context& job) {
    job.say("-----> Recovering it in a throw-away server");
    auto beside = plan_beside(p, w.s.name);
    const claimed_beside claim(p.service_servers, beside);
    auto work = recover_beside(p, w.s, beside, std::move(plan), w.b.begins, job);
    auto recovered = co_await job.guard(std::move(work));
    result<contents> restored = contents{};
    if (recovered) {
        auto counting = count_contents(p, w.s, beside.server.container);
        restored = co_await job.guard(std::move(counting));
    }
    co_await clear_beside(p, beside);
    if (!recovered) co_return recovered;
    if (!restored) co_return restored.error();
    auto same = check_restored(w.before, w.after, *restored);
    if (same) job.say(fmt::format("       {} tables, as they are", restored->size()));
    co_return same;
}

task<result<>> make_base(parts& p, base_work& w, job_context& job) {
    const auto* running = p.service_servers.find(w.s.name);
    if (!running) co_return fail(errc::conflict, "service_not_running", w.s.name + " does not run");
    const auto container = running->container;
    auto before = co_await count_contents(p, w.s, container);
    if (!before) co_return before.error();
    w.before = std::move(*before);
    co_await job.step("base");
    job.say(fmt::format("-----> Base backup of {} {}", kind_of(w.s).title, w.s.version));
    co_await note_base(p, w);
    auto stored = co_await store_base(p, w, container, job);
    if (!stored) co_return stored;
    auto after = co_await count_contents(p, w.s, container);
    if (!after) co_return after.error();
    w.after = std::move(*after);
    job.say(fmt::format("       {:.1f} MiB, {:.1f} MiB as files", static_cast<double>(w.b.size) / 1048576,
                        static_cast<double>(w.b.full_size) / 1048576));
    auto plan = co_await collect_for_base(p, w);
    if (!plan) co_return plan.error();
    co_return co_await prove_base(p, w, std::move(*plan), job);
}

task<result<>> load_base_work(parts& p, archive_id id, base_work& w) {
    co_return co_await p.db.read([&](SQLite::Database& db) -> result<> {
        const auto a = store::find_archive(db, id);
        const auto s = a && a->service ? store::find_service(db, a->service) : std::nullopt;
        if (!s || !s->made) return fail(errc::not_found, "service_not_found", "the service is gone");
        if (!a->on) return fail(errc::conflict, "archive_off", s->name + " is not archived any more");
        w.a = *a;
        w.s = *s;
        return {};
    });
}

task<> note_base_outcome(parts& p, const archive& a, std::string problem) {
    std::function<void(archive&)> change = [&problem](archive& now) { now.base_problem = problem.substr(0, 500); };
    co_await change_archive(p, a.id, std::move(change));
    if (!problem.empty()) co_await tell_backup_event(p, "backup.failed", a.service_name, "base backup: " + problem);
}

task<> commit_base(parts& p, base_work& w, job_context& job) {
    w.b.verified = p.cron.clock();
    co_await p.db.transaction([&](SQLite::Database& db) {
        store::update_archive_base(db, w.b);
        job.step_in(db, committed_step);
    });
    job.say("-----> Verified; from " + to_rfc3339(w.b.begins) + " on every moment can be brought back");
    co_await note_base_outcome(p, w.a, "");
    co_await retire_archive(p, w.a.id);
}

task<result<>> run_base(parts& p, archive_id id, job_context& job) {
    base_work w;
    auto loaded = co_await load_base_work(p, id, w);
    if (!loaded) co_return loaded;
    // After a restart it may be about to run.
    if (!w.s.stopped) (void)co_await comes_up(p, w.s.name, deadline::after(patience_for(w.s)));
    co_await drop_unfinished_bases(p, id);
    // The server spools under the run that is written down from here on.
    auto made = co_await collect_segments(p, id, deadline::after(minutes(15)));
    if (made) made = co_await load_base_work(p, id, w);
    if (made) {
        auto work = make_base(p, w, job);
        made = co_await job.guard(std::move(work));
    }
    if (made) {
        job.commit();
        co_await commit_base(p, w, job);
        co_return made;
    }
    co_await drop_unfinished_bases(p, id);
    const bool meant = made.error().kind == errc::cancelled;
    if (!meant) co_await note_base_outcome(p, w.a, made.error().message);
    co_return made;
}

job_runner::work work_of_base(parts& p, archive_id id) {
    return [&p, id](job_context& job) { return run_base(p, id, job); };
}

archive_id archive_in(const job& cut) {
    return {nlohmann::json::parse(cut.input).at("archive").get<std::int64_t>()};
}

}  // namespace

std::string archive_label(const std::string& service, const std::string& run, const std::string& what) {
    return service + "/" + run + "/" + what;
}

task<result<job_id>> start_base(parts& p, archive a, std::string user) {
    const auto at = p.cron.clock();
    std::function<void(archive&)> tried = [at](archive& now) { now.base_tried = at; };
    co_await change_archive(p, a.id, std::move(tried));
    const nlohmann::json input{{"archive", a.id.value}};
    job description{
        .kind = "archive-base", .key = service_job_key(a.service_name), .input = input.dump(), .user = std::move(user)};
    auto run = work_of_base(p, a.id);
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_runner::work>> resume_base(parts& p, job cut) {
    const auto id = archive_in(cut);
    const auto a = co_await p.db.read([id](SQLite::Database& db) { return store::find_archive(db, id); });
    if (!a) co_return fail(errc::not_found, "archive_not_found", "the archive is gone");
    co_return work_of_base(p, id);
}

task<> clear_base(parts& p, job cut, std::string) {
    const auto input = nlohmann::json::parse(cut.input, nullptr, false);
    if (input.is_object()) co_await drop_unfinished_bases(p, {input.value("archive", std::int64_t{0})});
}

}  // namespace gasper::control
