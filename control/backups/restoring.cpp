#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "control/backups/backup_jobs.hpp"
#include "control/backups/beside.hpp"
#include "control/backups/replacing.hpp"
#include "control/backups/room.hpp"
#include "control/backups/streaming.hpp"
#include "control/backups/taking_place.hpp"
#include "control/job_kinds.hpp"
#include "control/services/held.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "control/switch.hpp"
#include "core/base/join.hpp"
#include "core/model/service_version.hpp"
#include "core/store/backups.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr auto longest_restore = hours(12);
constexpr std::size_t checked_beginning = 64u << 10;  // of a dump from outside

result<> check_fits(const backup_header& h, const service& s) {
    if (h.kind != s.kind)
        return fail(errc::invalid, "backup_kind", fmt::format("the backup is of {}, {} is {}", h.kind, s.name, s.kind));
    // As far as the service's own version goes: "15" takes a dump of any 15.
    if (compare_versions(h.version, s.version) > 0)
        return fail(errc::invalid, "backup_version",
                    fmt::format("the backup is of version {}, newer than {}'s {}", h.version, s.name, s.version));
    return {};
}

task<result<>> fill(parts& p, service s, server_beside& beside, verb_input input, job_context& job) {
    const auto until = deadline::after(longest_restore);
    co_await job.step("beside");
    job.say("-----> Starting an empty server beside it");
    auto started = co_await start_beside(p, s, beside, job.sink(), until.sooner(p.settings.build_deadline));
    if (!started) co_return started;
    co_await job.step("restore");
    job.say("-----> Restoring");
    auto restored = co_await restore_beside(p, beside, std::move(input), until);
    if (!restored) co_return restored;
    auto given = co_await give_users(p, s, beside.server.container);
    if (!given) co_return given;
    co_return co_await stop_beside(p, s, beside);
}

// Into its own place. What an earlier process had filled goes first: its server may be anywhere in the middle of it.
task<result<runtime::observed_service>> fill_in_place(parts& p, service s, beside_filler fill_it, job_context& job) {
    auto cleared = co_await clear_service(p, s);
    if (!cleared) co_return cleared.error();
    server_beside in_place{.name = s.name, .data = service_directory(p, s.name) / "data", .server = {}};
    auto filled = co_await fill_it(s, in_place, job);
    if (!filled) co_return filled.error();
    co_await job.step("start");
    job.say("-----> Taking its place");
    const auto until = deadline::after(patience_for(s));
    auto spec = co_await service_spec_of(p, s, job.sink(), until);
    if (!spec) co_return spec.error();
    co_return co_await start_server(p, std::move(*spec), until);
}

task<result<>> fill_and_make(parts& p, service s, beside_filler fill_it, job_context& job) {
    const held_service held(p.service_servers, s.name);
    auto work = fill_in_place(p, s, std::move(fill_it), job);
    auto up = co_await job.guard(std::move(work));
    if (!up) co_return up.error();
    job.commit();
    p.service_servers.running[s.name] = *up;
    s.made = true;
    co_await p.db.transaction([&](SQLite::Database& db) {
        store::update_service(db, s);
        job.step_in(db, committed_step);
    });
    co_return result<>();
}

// Its server goes meanwhile: the data is all that is needed of it.
task<result<>> swap_and_clear(parts& p, service s, const server_beside& beside, job_context& job) {
    std::optional<result<>> placed;
    auto placing = store_in(placed, take_place(p, s, beside, job));
    auto clearing = clear_server_beside(p, beside);
    co_await run_both(std::move(placing), std::move(clearing));
    co_return *placed;
}

// The data before goes when what serves is written down, and not sooner.
task<result<>> conclude(parts& p, service s, const server_beside& beside, result<> placed, job_context& job) {
    if (placed) {
        co_await agree_on_users(p, s, job);
        co_await job.step(committed_step);
    }
    co_await clear_beside(p, beside);
    const auto forget = [at = service_directory(p, s.name)] { forget_swap(at); };
    co_await p.files.run(forget);
    co_return placed;
}

task<std::optional<service>> load(parts& p, service_id id) {
    co_return co_await p.db.read([id](SQLite::Database& db) { return store::find_service(db, id); });
}

task<result<std::string>> beginning_of(verb_input& source) {
    std::string text;
    while (text.size() < checked_beginning) {
        auto piece = co_await source();
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        text += *piece;
    }
    co_return text;
}

// What was read already, then the rest.
struct continued {
    std::string first;
    verb_input rest;
    task<result<std::string>> next() {
        if (!first.empty()) co_return std::exchange(first, {});
        co_return co_await rest();
    }
};

}  // namespace

task<result<>> erase_when_empty(parts& p, service_id id, task<result<>> work, job_context& job) {
    auto filled = co_await job.guard(std::move(work));
    if (!filled) co_await erase_unfilled(p, id);
    co_return filled;
}

task<result<>> replace_data(parts& p, service_id id, beside_filler fill_it, std::string whence, job_context& job) {
    auto s = co_await load(p, id);
    const bool anew = s && !s->made && p.service_servers.filled.contains(s->name);
    if (!s || !(s->made || anew)) co_return fail(errc::not_found, "service_not_found", "the service is not there");
    job.say(fmt::format("-----> Restoring {} into {}", whence, s->name));
    if (anew) co_return co_await fill_and_make(p, *s, std::move(fill_it), job);
    auto beside = plan_beside(p, s->name);
    const claimed_beside claim(p.service_servers, beside);
    auto work = fill_it(*s, beside, job);
    auto filled = co_await job.guard(std::move(work));
    if (!filled) {
        co_await clear_beside(p, beside);
        job.say("       " + s->name + " is as it was");
        co_return filled;
    }
    job.commit();
    co_await job.step("swap");
    job.say("-----> Taking its place");
    auto placed = co_await swap_and_clear(p, *s, beside, job);
    co_return co_await conclude(p, *s, beside, std::move(placed), job);
}

task<result<>> restore_service(parts& p, service_id id, verb_input input, std::string whence, job_context& job) {
    beside_filler fill_it = [&p, input = std::move(input)](service s, server_beside& beside, job_context& j) {
        return fill(p, std::move(s), beside, input, j);
    };
    co_return co_await replace_data(p, id, std::move(fill_it), std::move(whence), job);
}

task<result<>> run_restore(parts& p, service_id id, backup b, job_context& job) {
    auto s = co_await load(p, id);
    if (!s) co_return fail(errc::not_found, "service_not_found", "the service is not there");
    auto room = co_await check_room_beside(p, s->name, b.dump_size);
    if (!room) co_return room;
    const auto until = deadline::after(longest_restore);
    auto place = co_await backup_place_of(p, b.place);
    if (!place) co_return place.error();
    auto source = co_await (*place)->open(b.object, until);
    if (!source) co_return source.error();
    backup_player player(p, std::move(*source), until);
    auto header = co_await player.begin();
    if (!header) co_return header.error();
    auto fits = check_fits(*header, *s);
    if (!fits) co_return fits;
    verb_input next = [&player] { return player.next(); };
    const auto whence = fmt::format("backup {} of {}", b.id.value, to_rfc3339(b.created));
    co_return co_await restore_service(p, id, std::move(next), whence, job);
}

task<result<>> run_restore_into_new(parts& p, service_id id, backup b, job_context& job) {
    auto work = run_restore(p, id, std::move(b), job);
    co_return co_await erase_when_empty(p, id, std::move(work), job);
}

task<result<>> run_import(parts& p, service_id id, verb_input source, job_context& job) {
    auto s = co_await load(p, id);
    if (!s) co_return fail(errc::not_found, "service_not_found", "the service is not there");
    const auto* running = p.service_servers.find(s->name);
    if (!running) co_return fail(errc::conflict, "service_not_running", s->name + " does not run");
    const auto container = running->container;
    auto first = co_await beginning_of(source);
    if (!first) co_return first.error();
    std::vector<std::string> words{"check-dump"};
    auto checked = co_await run_verb(p, container, std::move(words), first->substr(0, checked_beginning),
                                     deadline::after(seconds(30)));
    if (!checked) co_return checked.error();
    auto whole = std::make_shared<continued>();
    whole->first = std::move(*first);
    whole->rest = std::move(source);
    verb_input next = [whole] { return whole->next(); };
    co_return co_await restore_service(p, id, std::move(next), "a dump", job);
}

task<result<>> finish_replacing(parts& p, service_id id, swap_note note, job_context& job) {
    job.commit();
    const auto s = co_await load(p, id);
    if (!s) co_return fail(errc::not_found, "service_not_found", "the service is not there");
    const server_beside beside{
        .name = s->name + "." + note.beside, .data = service_directory(p, s->name) / note.beside, .server = {}};
    const claimed_beside claim(p.service_servers, beside);
    auto placed = co_await go_on_in_place(p, *s, beside, job);
    co_return co_await conclude(p, *s, beside, std::move(placed), job);
}

std::shared_ptr<service_to_fill> claim_of(parts& p, const service& s, bool anew, job_id job) {
    if (!anew) return nullptr;
    auto claim = std::make_shared<service_to_fill>(p, s);
    claim->waiting.waits_as(job);
    return claim;
}

namespace {

job_runner::work work_of_restore(parts& p, service_id id, backup b, std::shared_ptr<service_to_fill> claim) {
    return [&p, id, b = std::move(b), claim = std::move(claim)](job_context& job) {
        if (!claim) return run_restore(p, id, b, job);
        claim->waiting.take();
        return run_restore_into_new(p, id, b, job);
    };
}

struct restore_input {
    service_id service;
    backup_id from;
    bool anew{false};
};

restore_input input_of(const job& cut) {
    const auto input = nlohmann::json::parse(cut.input);
    return {.service = {input.at("service").get<std::int64_t>()},
            .from = {input.at("backup").get<std::int64_t>()},
            .anew = input.at("anew").get<bool>()};
}

}  // namespace

task<result<job_id>> start_restore(parts& p, service s, backup from, bool anew, std::string user) {
    const nlohmann::json input{{"service", s.id.value}, {"backup", from.id.value}, {"anew", anew}};
    job description{.kind = "restore", .key = service_job_key(s.name), .input = input.dump(), .user = std::move(user)};
    auto claim = claim_of(p, s, anew, {});
    auto run = work_of_restore(p, s.id, std::move(from), claim);
    auto begun = co_await p.jobs.start(std::move(description), std::move(run));
    if (begun && claim) claim->waiting.waits_as(*begun);
    co_return begun;
}

task<result<job_runner::work>> resume_restore(parts& p, job cut) {
    const auto input = input_of(cut);
    const auto s = co_await load(p, input.service);
    if (!s) co_return fail(errc::not_found, "service_not_found", "the service is gone");
    const auto swapped = co_await swap_of(p, s->name, cut.id);
    if (swapped)
        co_return [&p, id = s->id, note = *swapped](job_context& job) { return finish_replacing(p, id, note, job); };
    auto b = co_await p.db.read([&](SQLite::Database& db) { return store::find_backup(db, input.from); });
    if (!b) co_return fail(errc::not_found, "backup_not_found", "the backup is gone");
    co_return work_of_restore(p, s->id, std::move(*b), claim_of(p, *s, input.anew, cut.id));
}

task<> clear_restore(parts& p, job cut, std::string) {
    if (fills_anew(cut)) co_await erase_unfilled(p, input_of(cut).service);
}

// Its dump was the client's, who is gone.
task<result<job_runner::work>> resume_import(parts& p, job cut) {
    const auto name = cut.key.substr(service_job_prefix.size());
    const auto swapped = co_await swap_of(p, name, cut.id);
    const auto s = co_await p.db.read([&](SQLite::Database& db) { return store::find_service(db, name); });
    if (!swapped || !s)
        co_return fail(errc::failed, "interrupted",
                       "the server was restarted while this ran; nothing changed, do it again");
    co_return [&p, id = s->id, note = *swapped](job_context& job) { return finish_replacing(p, id, note, job); };
}

}  // namespace gasper::control
