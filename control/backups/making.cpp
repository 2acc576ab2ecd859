#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "control/audit.hpp"
#include "control/backups/backup_jobs.hpp"
#include "control/backups/beside.hpp"
#include "control/backups/room.hpp"
#include "control/backups/s3_signature.hpp"
#include "control/backups/streaming.hpp"
#include "control/backups/taking_place.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "control/switch.hpp"
#include "core/backups/retention.hpp"
#include "core/base/join.hpp"
#include "core/store/backups.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto longest_dump = hours(12);  // one dump, or one restore

struct two_counts {
    contents before, after;
};

// A dump holds the moment before its first piece came.
task<result<contents>> count_once_begun(parts& p, service s, std::string container, std::shared_ptr<dump_pipe> dump) {
    const bool begun = co_await dump->begun();
    if (!begun) co_return contents{};
    co_return co_await count_contents(p, s, container);
}

// What is in the database afterwards, counted while the dump is drawn.
task<result<contents>> dump_and_count(parts& p, service s, std::string container, backup_recorder& recorder,
                                      deadline until) {
    auto pipe = std::make_shared<dump_pipe>(p.executor);
    std::optional<result<>> stored;
    std::optional<result<contents>> counted;
    auto drawing = draw_dump(p, container, pipe, until);
    auto recording = store_in(stored, record_dump(pipe, recorder));
    auto dumping = run_both(std::move(drawing), std::move(recording));
    auto counting = store_in(counted, count_once_begun(p, s, container, pipe));
    co_await run_both(std::move(dumping), std::move(counting));
    if (!*stored) co_return stored->error();
    co_return std::move(*counted);
}

// The server's version goes with it, so that a restore knows what it gets.
task<result<two_counts>> store_dump(parts& p, service s, backup& b, job_context& job) {
    const auto* running = p.service_servers.find(s.name);
    if (!running) co_return fail(errc::conflict, "service_not_running", s.name + " does not run: it cannot be dumped");
    const auto container = running->container;
    std::vector<std::string> words{"version"};
    auto version = co_await run_verb(p, container, std::move(words), "", deadline::after(seconds(30)));
    if (!version) co_return version.error();
    while (!version->empty() && static_cast<unsigned char>(version->back()) <= ' ')
        version->pop_back();
    if (version->empty() || version->size() > 100)
        co_return fail(errc::failed, "service_version", s.name + " does not say its version");
    auto place = co_await backup_place_of(p, b.place);
    if (!place) co_return place.error();
    two_counts c;
    co_await job.step("dump");
    job.say(fmt::format("-----> Dumping {} {}", kind_of(s).title, *version));
    auto before = co_await count_contents(p, s, container);
    if (!before) co_return before.error();
    const auto until = deadline::after(longest_dump);
    const written_backup written(p.service_servers, b);
    auto sink = co_await (*place)->create(b.object, until);
    if (!sink) co_return sink.error();
    const backup_header header{s.kind, s.name, *version, std::chrono::floor<seconds>(b.created)};
    backup_recorder recorder(p, std::move(*sink), header, until);
    auto work = dump_and_count(p, s, container, recorder, until);
    auto after = co_await job.guard(std::move(work));
    if (!after) {
        co_await recorder.drop();
        co_return after.error();
    }
    b.size = recorder.size();
    b.dump_size = recorder.dump_size();
    c.before = std::move(*before);
    c.after = std::move(*after);
    co_return c;
}

// What is in the server that it was restored into.
task<result<contents>> replay(parts& p, service s, const backup& b, server_beside& beside, job_context& job) {
    const auto until = deadline::after(longest_dump);
    auto started = co_await start_beside(p, s, beside, job.sink(), until.sooner(p.settings.build_deadline));
    if (!started) co_return started.error();
    auto place = co_await backup_place_of(p, b.place);
    if (!place) co_return place.error();
    auto source = co_await (*place)->open(b.object, until);
    if (!source) co_return source.error();
    backup_player player(p, std::move(*source), until);
    auto header = co_await player.begin();
    if (!header) co_return header.error();
    verb_input next = [&player] { return player.next(); };
    auto restored = co_await restore_beside(p, beside, std::move(next), until);
    if (!restored) co_return restored.error();
    co_return co_await count_contents(p, s, beside.server.container);
}

// Read back from where it is kept, as a restore would.
task<result<>> verify(parts& p, service s, const backup& b, two_counts c, job_context& job) {
    co_await job.step("verify");
    auto room = co_await check_room_beside(p, s.name, b.dump_size);
    if (!room) co_return room;
    job.say("-----> Restoring it into a throw-away server");
    auto beside = plan_beside(p, s.name);
    beside.proof = true;
    const claimed_beside claim(p.service_servers, beside);
    auto work = replay(p, s, b, beside, job);
    auto restored = co_await job.guard(std::move(work));
    co_await clear_beside(p, beside);
    if (!restored) co_return restored.error();
    auto same = check_restored(c.before, c.after, *restored);
    if (same && !c.before.empty()) job.say(fmt::format("       {} tables, as they are", restored->size()));
    co_return same;
}

task<> write_down(parts& p, const backup& b) {
    co_await p.db.transaction([&](SQLite::Database& db) { store::update_backup(db, b); });
}

task<result<>> make(parts& p, service s, backup& b, job_context& job) {
    // After a restart it may be about to run.
    if (!s.stopped) (void)co_await comes_up(p, s.name, deadline::after(kind_of(s).start_timeout));
    auto counted = co_await store_dump(p, s, b, job);
    if (!counted) co_return counted.error();
    b.state = backup_state::stored;
    co_await write_down(p, b);
    job.say(fmt::format("       backup {}: {:.1f} MiB, {:.1f} MiB as a dump", b.id.value,
                        static_cast<double>(b.size) / 1048576, static_cast<double>(b.dump_size) / 1048576));
    co_return co_await verify(p, s, b, std::move(*counted), job);
}

using store_change = std::function<void(SQLite::Database&)>;

// A disk that is full must not leave a backup running for ever, nor hide that it failed: that is written when there is
// room again.
task<> write_at_last(parts& p, backup_id id, store_change change) {
    for (bool told = false;; told = true) {
        try {
            co_await p.db.transaction([&](SQLite::Database& db) { change(db); });
            co_return;
        } catch (const refusal& e) {
            if (!told) p.log.error("what became of a backup waits", {{"backup", id.value}, {"reason", e.what()}});
        }
        co_await sleep_until(deadline::after(seconds(1)));
    }
}

/// The row of a backup until its job takes it on: one whose job is cancelled while it waits does not wait for ever.
class waiting_backup {
 public:
    waiting_backup(parts& p, backup_id id) : p_(p), id_(id) {}
    waiting_backup(const waiting_backup&) = delete;
    waiting_backup& operator=(const waiting_backup&) = delete;
    ~waiting_backup() {
        if (!taken_) p_.background.spawn("backup", give_up(p_, id_));
    }
    backup_id take() {
        taken_ = true;
        return id_;
    }

 private:
    static task<> give_up(parts& p, backup_id id) {
        store_change change = [id](SQLite::Database& db) {
            auto b = store::find_backup(db, id);
            if (!b) return;
            b->state = backup_state::failed;
            b->problem = "its job did not begin";
            store::update_backup(db, *b);
        };
        co_await write_at_last(p, id, std::move(change));
    }

    parts& p_;
    backup_id id_;
    bool taken_{false};
};

job_runner::work work_of_backup(parts& p, backup_id id) {
    auto claim = std::make_shared<waiting_backup>(p, id);
    return [&p, claim = std::move(claim)](job_context& job) { return run_backup(p, claim->take(), job); };
}

// It failed, and that is told: one change.
store_change failed_as(parts& p, backup& b, const std::string& reason) {
    b.problem = reason.substr(0, 500);
    if (b.state == backup_state::running) b.state = backup_state::failed;
    return [&p, b](SQLite::Database& db) {
        store::update_backup(db, b);
        const auto detail = fmt::format("backup {}: {}", b.id.value, b.problem);
        add_backup_event(db, p.box, "backup.failed", b.service_name, detail);
    };
}

task<> note_failure(parts& p, backup& b, const std::string& reason) {
    auto change = failed_as(p, b, reason);
    co_await write_at_last(p, b.id, std::move(change));
}

task<> note_verified(parts& p, backup& b) {
    b.verified = p.cron.clock();
    store_change change = [b](SQLite::Database& db) { store::update_backup(db, b); };
    co_await write_at_last(p, b.id, std::move(change));
}

// All that its job is for: from here on a restart does not make it again.
task<> commit_verified(parts& p, backup& b, job_context& job) {
    b.verified = p.cron.clock();
    store_change change = [&job, b](SQLite::Database& db) {
        store::update_backup(db, b);
        job.step_in(db, committed_step);
    };
    co_await write_at_last(p, b.id, std::move(change));
    job.say("-----> Verified");
}

// As it was noted; one that an earlier process had stored is whole until another takes its place.
void begin_anew(backup& b) {
    if (b.state == backup_state::failed) b.state = backup_state::running;
    b.problem.clear();
}

}  // namespace

void add_backup_event(SQLite::Database& db, const secret_box& box, const std::string& action, const std::string& name,
                      const std::string& detail) {
    std::set<std::string> apps;
    if (const auto s = store::find_service(db, name))
        for (const auto& a : store::attachments_of(db, box, s->id))
            apps.insert(a.app_name);
    store::add_audit(db, "gasper", action, service_job_key(name), detail);
    for (const auto& app : apps)
        store::add_audit(db, "gasper", action, app, name + ": " + detail);
}

task<> tell_backup_event(parts& p, std::string action, std::string name, std::string detail) {
    co_await p.db.transaction([&](SQLite::Database& db) { add_backup_event(db, p.box, action, name, detail); });
}

task<backup> note_backup(parts& p, service s, std::string place, std::string origin) {
    backup b;
    b.service = s.id;
    b.service_name = s.name;
    b.owner = s.owner;
    b.kind = s.kind;
    b.version = s.version;
    b.plan = s.plan;
    b.place = std::move(place);
    b.origin = std::move(origin);
    b.created = p.cron.clock();
    b.object = s.name + "/" + s3_time(std::chrono::floor<seconds>(b.created)) + "-" + random_hex(4) + ".backup";
    b.id = co_await p.db.transaction([&](SQLite::Database& db) { return store::add_backup(db, b); });
    co_return b;
}

task<result<>> run_backup(parts& p, backup_id id, job_context& job) {
    auto b = co_await p.db.read([id](SQLite::Database& db) { return store::find_backup(db, id); });
    if (!b) co_return fail(errc::not_found, "backup_not_found", "the backup is gone");
    auto s = co_await p.db.read([&](SQLite::Database& db) { return store::find_service(db, b->service); });
    begin_anew(*b);
    result<> made = fail(errc::not_found, "service_not_found", "the service is gone");
    if (s) {
        auto work = make(p, *s, *b, job);
        made = co_await job.guard(std::move(work));
    }
    if (!made) {
        co_await note_failure(p, *b, made.error().message);
        co_return made;
    }
    co_await commit_verified(p, *b, job);
    auto schedule = co_await p.db.read([&](SQLite::Database& db) { return store::find_backup_schedule(db, s->id); });
    if (schedule && b->origin == "schedule") co_await retire_backups(p, *schedule, job.sink());
    co_return made;
}

task<result<>> make_last_backup(parts& p, service s, job_context& job) {
    // After a restart it may be about to run.
    if (s.made && !s.stopped && p.service_servers.restarts[s.name].pending)
        (void)co_await comes_up(p, s.name, deadline::after(kind_of(s).start_timeout));
    if (!p.service_servers.find(s.name)) co_return result<>();
    auto b = co_await note_backup(p, s, "local", "final");
    auto work = make(p, s, b, job);
    auto made = co_await job.guard(std::move(work));
    if (made) {
        co_await note_verified(p, b);
        co_return made;
    }
    auto refused = made.error();
    co_await note_failure(p, b, refused.message);
    refused.message = "it is not destroyed: its last backup failed: " + refused.message;
    co_return refused;
}

task<result<job_id>> start_backup(parts& p, service s, std::string place, std::string origin, std::string user) {
    if (!s.made) co_return fail(errc::conflict, "service_not_made", s.name + " is still being made");
    auto known = co_await backup_place_of(p, place);
    if (!known) co_return known.error();
    auto b = co_await note_backup(p, s, std::move(place), std::move(origin));
    const nlohmann::json input{{"backup", b.id.value}, {"place", b.place}, {"origin", b.origin}};
    job description{.kind = "backup", .key = service_job_key(s.name), .input = input.dump(), .user = std::move(user)};
    auto run = work_of_backup(p, b.id);
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_runner::work>> resume_backup(parts& p, job cut) {
    const backup_id id{nlohmann::json::parse(cut.input).at("backup").get<std::int64_t>()};
    const auto b = co_await p.db.read([id](SQLite::Database& db) { return store::find_backup(db, id); });
    if (!b) co_return fail(errc::not_found, "backup_not_found", "the backup is gone");
    co_return work_of_backup(p, id);
}

task<> clear_backup(parts& p, job cut, std::string reason) {
    const auto input = nlohmann::json::parse(cut.input, nullptr, false);
    if (!input.is_object()) co_return;
    const backup_id id{input.value("backup", std::int64_t{0})};
    auto b = co_await p.db.read([id](SQLite::Database& db) { return store::find_backup(db, id); });
    if (!b || b->verified || !b->problem.empty()) co_return;
    auto change = failed_as(p, *b, reason);
    co_await p.db.transaction(std::move(change));  // a start does not wait for room
}

std::vector<backup> backups_to_retire(const keep_rule& rule, const std::vector<backup>& all, sys_time now) {
    std::map<std::string, std::vector<backup>> proved;  // by place
    sys_time newest{};
    for (const auto& b : all) {
        if (!b.verified) continue;
        proved[b.place].push_back(b);
        newest = std::max(newest, b.created);
    }
    std::vector<backup> found;
    for (const auto& b : all)
        if (b.state == backup_state::stored && !b.verified && !b.problem.empty() && b.created < newest)
            found.push_back(b);
    for (const auto& [place, there] : proved) {
        std::vector<std::chrono::sys_seconds> taken;
        for (const auto& b : there)
            taken.push_back(std::chrono::floor<seconds>(b.created));
        for (const auto at : superfluous(rule, taken, std::chrono::floor<seconds>(now)))
            found.push_back(there[at]);
    }
    return found;
}

task<> retire_backups(parts& p, backup_schedule schedule, line_sink say) {
    auto rule = parse_keep_rule(schedule.keep);
    if (!rule) co_return;
    auto all = co_await p.db.read([&](SQLite::Database& db) { return store::backups_of(db, schedule.service_name); });
    std::erase_if(all, [&](const backup& b) { return b.service != schedule.service || b.origin != "schedule"; });
    for (const auto& b : backups_to_retire(*rule, all, p.cron.clock())) {
        auto place = co_await backup_place_of(p, b.place);
        if (!place) continue;
        auto removed = co_await (*place)->remove(b.object, deadline::after(minutes(5)));
        if (!removed) {
            p.log.warn("an old backup stays", {{"backup", b.id.value}, {"reason", removed.error().message}});
            continue;
        }
        co_await p.db.transaction([&](SQLite::Database& db) { store::remove_backup(db, b.id); });
        if (say) say(fmt::format("       backup {} of {} is not kept any longer", b.id.value, to_rfc3339(b.created)));
    }
}

}  // namespace gasper::control
