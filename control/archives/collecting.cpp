#include "control/archives/collecting.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "control/archives/archive_jobs.hpp"
#include "control/archives/archive_verbs.hpp"
#include "control/backups/backup_jobs.hpp"
#include "control/backups/streaming.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "core/base/rounds.hpp"
#include "core/store/archives.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr auto look_at_spools = seconds(10);
constexpr auto base_every = hours(24);
constexpr auto base_again = hours(1);        // after one that failed
constexpr auto until_alarm = minutes(5);     // a store may be away for a moment
constexpr std::size_t most_in_a_list = 500;  // by `archive-list`

class collecting_turn {
 public:
    collecting_turn(service_board& board, archive_id id) : board_(board), id_(id) { board_.collecting.insert(id_); }
    collecting_turn(const collecting_turn&) = delete;
    collecting_turn& operator=(const collecting_turn&) = delete;
    ~collecting_turn() { board_.collecting.erase(id_); }

 private:
    service_board& board_;
    archive_id id_;
};

/// An archive whose service runs.
struct running_archive {
    archive a;
    service s;
    std::string container;
};

task<std::optional<running_archive>> find_running_archive(parts& p, archive_id id) {
    std::optional<running_archive> found;
    co_await p.db.read([&](SQLite::Database& db) {
        const auto a = store::find_archive(db, id);
        const auto s = a && a->service ? store::find_service(db, a->service) : std::nullopt;
        if (s && s->made) found = running_archive{*a, *s, {}};
        return true;
    });
    if (!found || p.service_servers.held.contains(found->s.name)) co_return std::nullopt;
    const auto* running = p.service_servers.find(found->s.name);
    if (!running) co_return std::nullopt;
    found->container = running->container;
    co_return found;
}

task<result<>> take_at_most(backup_recorder& recorder, std::int64_t most, std::string piece) {
    if (recorder.dump_size() + static_cast<std::int64_t>(piece.size()) > most)
        co_return fail(errc::too_large, "archive_spool", "a segment is longer than the server said");
    co_return co_await recorder.take(std::move(piece));
}

task<result<>> record_piece(parts& p, const running_archive& of, const spooled_piece& piece, backup_recorder& recorder,
                            deadline until) {
    std::vector<std::string> words{"archive-read", piece.name};
    verb_input nothing;
    verb_output take = [&recorder, most = piece.size](std::string text) {
        return take_at_most(recorder, most, std::move(text));
    };
    auto read = co_await stream_verb(p, of.container, std::move(words), std::move(nothing), std::move(take), until);
    if (!read) co_return read;
    if (recorder.dump_size() != piece.size)
        co_return fail(errc::failed, "archive_spool", "a segment is shorter than the server said");
    co_return co_await recorder.finish();
}

// It is there, whole, before it is written down.
task<result<>> put_piece(parts& p, const running_archive& of, backup_place& place, spooled_piece piece) {
    const auto until = deadline::after(minutes(10));
    archive_segment v;
    v.archive = of.a.id;
    v.run = of.a.run;
    v.number = piece.number;
    v.name = piece.name;
    v.place = of.a.place;
    v.object = fmt::format("{}/archive-{}/{}.segment", of.s.name, v.run, v.name);
    v.until = piece.until;
    auto sink = co_await place.create(v.object, until);
    if (!sink) co_return sink.error();
    const backup_header header{of.s.kind, archive_label(of.s.name, v.run, v.name), of.s.version,
                               std::chrono::floor<seconds>(v.until)};
    backup_recorder recorder(p, std::move(*sink), header, until);
    auto stored = co_await record_piece(p, of, piece, recorder, until);
    if (!stored) {
        co_await recorder.drop();
        co_return stored;
    }
    v.size = recorder.size();
    v.full_size = recorder.dump_size();
    co_await p.db.transaction([&](SQLite::Database& db) { store::put_archive_segment(db, v); });
    co_return result<>();
}

enum class piece_state { known, next, behind_gap };

task<piece_state> state_of_piece(parts& p, const archive& a, std::int64_t number) {
    co_return co_await p.db.read([&](SQLite::Database& db) {
        if (store::find_archive_segment(db, a.id, a.run, number)) return piece_state::known;
        const auto newest = store::newest_segment(db, a.id, a.run);
        return newest && newest->number + 1 != number ? piece_state::behind_gap : piece_state::next;
    });
}

struct taken_pieces {
    std::vector<std::string> names;  // that may go from the spool
    bool broken{false};              // what follows does not follow what was before
};

task<result<>> take_pieces(parts& p, const running_archive& of, const std::vector<spooled_piece>& pieces,
                           taken_pieces& taken) {
    auto place = co_await backup_place_of(p, of.a.place);
    if (!place) co_return place.error();
    for (const auto& piece : pieces) {
        const auto state = co_await state_of_piece(p, of.a, piece.number);
        taken.broken = state == piece_state::behind_gap;
        if (taken.broken) break;
        if (state == piece_state::next) {
            auto put = co_await put_piece(p, of, **place, piece);
            if (!put) co_return put;
        }
        taken.names.push_back(piece.name);
    }
    co_return result<>();
}

task<result<>> break_off(parts& p, const running_archive& of, std::string why) {
    co_await tell_backup_event(p, "backup.archive_broken", of.s.name, why + "; a new base backup begins what follows");
    co_return co_await begin_run(p, of.a, of.container);
}

task<result<>> turn_spool_off(parts& p, const running_archive& of) {
    auto ended = co_await end_spooling(p, of.container);
    if (!ended) co_return ended;
    std::function<void(archive&)> forget = [](archive& a) {
        if (!a.on) a.run.clear();
    };
    co_await change_archive(p, of.a.id, std::move(forget));
    co_return result<>();
}

task<result<>> collect_spool(parts& p, const running_archive& of) {
    if (!of.a.on) co_return co_await turn_spool_off(p, of);
    auto spool = co_await read_spool(p, of.container);
    if (!spool) co_return spool.error();
    if (!spool->on || spool->run != of.a.run) co_return co_await begin_run(p, of.a, of.container);
    taken_pieces taken;
    auto done = co_await take_pieces(p, of, spool->pieces, taken);
    if (!taken.names.empty()) {
        auto removed = co_await remove_spooled(p, of.container, std::move(taken.names));
        if (done) done = removed;
    }
    if (!done) co_return done;
    if (taken.broken) co_return co_await break_off(p, of, "a segment of the log is missing");
    if (spool->lost && spool->pieces.size() < most_in_a_list)
        co_return co_await break_off(p, of, "the log could not be taken away and its room was used up");
    co_return result<>();
}

task<> note_outcome(parts& p, archive a, result<> outcome) {
    if (outcome && a.failing == sys_time{}) co_return;
    const auto at = p.cron.clock();
    const bool late = !outcome && a.failing != sys_time{} && at - a.failing >= until_alarm;
    const bool tell = late && a.told != a.failing;
    std::function<void(archive&)> change = [&outcome, at, tell](archive& now) {
        now.problem = outcome ? std::string() : outcome.error().message.substr(0, 500);
        if (outcome) now.failing = {};
        if (!outcome && now.failing == sys_time{}) now.failing = at;
        if (tell) now.told = now.failing;
    };
    co_await change_archive(p, a.id, std::move(change));
    if (tell)
        co_await tell_backup_event(p, "backup.archive_failed", a.service_name,
                                   "its log is not archived: " + outcome.error().message);
}

// An archive of which every base is older, or that has none.
bool is_base_due(const archive& a, const std::vector<archive_base>& bases, sys_time at) {
    const bool tried = a.base_tried != sys_time{} && at - a.base_tried < base_again;
    for (const auto& b : bases)
        if (b.verified && b.run == a.run && at - b.begins < base_every) return false;
    return !tried;
}

task<> begin_due_base(parts& p, archive_id id) {
    const auto of = co_await find_running_archive(p, id);
    if (!of || !of->a.on || of->a.run.empty() || p.jobs.busy(service_job_key(of->s.name))) co_return;
    const auto bases = co_await p.db.read([id](SQLite::Database& db) { return store::bases_of(db, id); });
    if (!is_base_due(of->a, bases, p.cron.clock())) co_return;
    auto begun = co_await start_base(p, of->a, "gasper");
    if (!begun) p.log.warn("no base backup", {{"service", of->s.name}, {"reason", begun.error().message}});
}

task<> look_at_archive(parts& p, archive_id id) {
    (void)co_await collect_segments(p, id, deadline::after(minutes(15)));
    co_await begin_due_base(p, id);
}

}  // namespace

task<archive_contents> contents_of(parts& p, archive_id id) {
    archive_contents all;
    co_await p.db.read([&](SQLite::Database& db) {
        all.bases = store::bases_of(db, id);
        all.segments = store::segments_of(db, id);
        return true;
    });
    co_return all;
}

task<> change_archive(parts& p, archive_id id, std::function<void(archive&)> change) {
    co_await p.db.transaction([&](SQLite::Database& db) {
        auto a = store::find_archive(db, id);
        if (!a) return;
        change(*a);
        store::update_archive(db, *a);
    });
}

task<result<>> begin_run(parts& p, archive a, std::string container) {
    const auto run = random_hex(8);
    std::function<void(archive&)> change = [&run](archive& now) {
        now.run = run;
        now.base_tried = {};
    };
    // Known here before the server spools under it: what it spools is never a stranger's.
    co_await change_archive(p, a.id, std::move(change));
    const auto* kind = runtime::find_kind(a.kind);
    const auto* plan = kind ? kind->plan(a.plan) : nullptr;
    const auto limit = spool_limit(plan ? plan->disk_bytes : 0);
    co_return co_await begin_spooling(p, std::move(container), run, limit);
}

task<result<>> collect_segments(parts& p, archive_id id, deadline until) {
    auto& board = p.service_servers;
    while (board.collecting.contains(id)) {
        if (until.expired()) co_return fail(errc::deadline, "deadline", "collecting the log took too long");
        co_await sleep_until(deadline::after(std::chrono::milliseconds(50)));
    }
    const collecting_turn turn(board, id);
    const auto of = co_await find_running_archive(p, id);
    if (!of || (!of->a.on && of->a.run.empty())) co_return result<>();
    auto work = collect_spool(p, *of);
    auto collected = co_await with_deadline(std::move(work), until, "collecting the log");
    co_await note_outcome(p, of->a, collected);
    co_return collected;
}

task<result<>> collect_until_now(parts& p, archive_id id, deadline until) {
    const auto of = co_await find_running_archive(p, id);
    if (!of || !of->a.on) co_return result<>();
    auto flushed = co_await flush_spool(p, of->container);
    if (!flushed) co_return flushed;
    co_return co_await collect_segments(p, id, until);
}

std::string archive_alarm(const archive& a, sys_time now) {
    if (!a.on || !a.service) return {};
    if (a.failing != sys_time{} && now - a.failing >= until_alarm)
        return "its log is not archived since " + to_rfc3339(a.failing) + ": " + a.problem;
    if (!a.base_problem.empty()) return "its base backup failed: " + a.base_problem;
    return {};
}

task<> look_at_archives(parts& p) {
    const auto all = co_await p.db.read([](SQLite::Database& db) { return store::all_archives(db); });
    for (const auto& a : all)
        if (a.service && !p.service_servers.collecting.contains(a.id))
            p.background.spawn("archive of " + a.service_name, look_at_archive(p, a.id));
}

task<> keep_archives(parts& p) {
    auto turn = [&p] { return look_at_archives(p); };
    co_await repeat(p.log, "archives", look_at_spools, std::move(turn));
}

}  // namespace gasper::control
