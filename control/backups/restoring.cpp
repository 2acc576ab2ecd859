#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <charconv>

#include "control/backups/backup_jobs.hpp"
#include "control/backups/beside.hpp"
#include "control/backups/streaming.hpp"
#include "control/services/held.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr auto longest = hours(12);
constexpr std::size_t checked_beginning = 64u << 10;  // of a dump from outside

std::vector<int> numbers_of(std::string_view version) {
    std::vector<int> out;
    for (const auto* at = version.data(); at != version.data() + version.size();) {
        int n = 0;
        const auto [end, bad] = std::from_chars(at, version.data() + version.size(), n);
        if (bad != std::errc()) break;
        out.push_back(n);
        at = end;
        if (at == version.data() + version.size() || *at != '.') break;
        ++at;
    }
    return out;
}

// As far as the service's own version goes: "15" takes a dump of any 15.
bool is_newer(const std::string& dumped, const std::string& serves) {
    auto a = numbers_of(dumped);
    const auto b = numbers_of(serves);
    a.resize(std::min(a.size(), b.size()));
    return a > b;
}

result<> check_fits(const backup_header& h, const service& s) {
    if (h.kind != s.kind)
        return fail(errc::invalid, "backup_kind", fmt::format("the backup is of {}, {} is {}", h.kind, s.name, s.kind));
    if (is_newer(h.version, s.version))
        return fail(errc::invalid, "backup_version",
                    fmt::format("the backup is of version {}, newer than {}'s {}", h.version, s.name, s.version));
    return {};
}

// Users are not part of a dump: those of the attachments are made as they are.
task<result<>> give_users(parts& p, const service& s, const server_beside& beside) {
    const auto all = co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, s.id); });
    for (const auto& a : all) {
        std::vector<std::string> words{"grant", a.user, std::string(to_string(a.rights))};
        auto given = co_await run_verb(p, beside.server.container, std::move(words), a.password + "\n",
                                       deadline::after(seconds(60)));
        if (!given) co_return given;
    }
    co_return result<>();
}

task<result<>> fill(parts& p, service s, server_beside& beside, verb_input input, job_context& job) {
    const auto until = deadline::after(longest);
    co_await job.step("beside");
    job.say("-----> Starting an empty server beside it");
    auto started = co_await start_beside(p, s, beside, job.sink(), until.sooner(p.settings.build_deadline));
    if (!started) co_return started;
    co_await job.step("restore");
    job.say("-----> Restoring");
    auto restored = co_await restore_beside(p, beside, std::move(input), until);
    if (!restored) co_return restored;
    auto given = co_await give_users(p, s, beside);
    if (!given) co_return given;
    co_return co_await end_beside(p, s, beside);
}

task<result<>> swap_directories(parts& p, std::filesystem::path a, std::filesystem::path b) {
    const auto work = [&a, &b] { return exchange_directories(a, b); };
    co_return co_await p.files.run(work);
}

// The old data lies beside until the new serves, and comes back when it does not.
task<result<>> take_place(parts& p, service s, const server_beside& beside, job_context& job) {
    const auto data = service_directory(p, s.name) / "data";
    auto stopped = co_await stop_service(p, s);
    result<> swapped = stopped;
    if (stopped) swapped = co_await swap_directories(p, data, beside.data);
    if (s.stopped) co_return swapped;
    const auto patience = kind_of(s).start_timeout + seconds(30);
    auto up = co_await start_service(p, s, job.sink(), deadline::after(patience));
    if (!swapped || up) co_return swapped ? up : swapped;
    job.say("       it does not start: the data before comes back");
    (void)co_await p.services.stop(s.name, kind_of(s).stop_timeout);
    auto back = co_await swap_directories(p, data, beside.data);
    if (back) (void)co_await start_service(p, s, job.sink(), deadline::after(patience));
    co_return up;
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

task<result<>> restore_service(parts& p, service_id id, verb_input input, std::string whence, job_context& job) {
    auto s = co_await p.db.read([id](SQLite::Database& db) { return store::find_service(db, id); });
    if (!s || !s->made) co_return fail(errc::not_found, "service_not_found", "the service is not there");
    job.say(fmt::format("-----> Restoring {} into {}", whence, s->name));
    auto beside = plan_beside(p, s->name);
    auto work = fill(p, *s, beside, std::move(input), job);
    auto filled = co_await job.guard(std::move(work));
    if (!filled) {
        co_await clear_beside(p, beside);
        job.say("       " + s->name + " is as it was");
        co_return filled;
    }
    job.commit();
    co_await job.step("swap");
    job.say("-----> Taking its place");
    result<> placed;
    {
        const held_service held(p.service_servers, s->name);
        placed = co_await take_place(p, *s, beside, job);
    }
    co_await clear_beside(p, beside);
    co_return placed;
}

task<result<>> run_restore(parts& p, service_id id, backup b, job_context& job) {
    auto s = co_await p.db.read([id](SQLite::Database& db) { return store::find_service(db, id); });
    if (!s) co_return fail(errc::not_found, "service_not_found", "the service is not there");
    const auto until = deadline::after(longest);
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
    auto restored = co_await run_restore(p, id, std::move(b), job);
    if (restored) co_return restored;
    const auto s = co_await p.db.read([id](SQLite::Database& db) { return store::find_service(db, id); });
    if (!s) co_return restored;
    const held_service held(p.service_servers, s->name);
    auto erased = co_await erase_service(p, *s);
    if (!erased) p.log.warn("a service that could not be filled stays", {{"service", s->name}});
    co_return restored;
}

task<result<>> run_import(parts& p, service_id id, verb_input source, job_context& job) {
    auto s = co_await p.db.read([id](SQLite::Database& db) { return store::find_service(db, id); });
    if (!s) co_return fail(errc::not_found, "service_not_found", "the service is not there");
    const auto* running = p.service_servers.find(s->name);
    if (!running) co_return fail(errc::conflict, "service_not_running", s->name + " does not run");
    const auto container = running->container;
    auto first = co_await beginning_of(source);
    if (!first) co_return first.error();
    std::vector<std::string> words{"check-dump"};
    auto checked = co_await run_verb(p, container, std::move(words), first->substr(0, checked_beginning),
                                     deadline::after(seconds(30)));
    if (!checked) co_return checked;
    auto whole = std::make_shared<continued>();
    whole->first = std::move(*first);
    whole->rest = std::move(source);
    verb_input next = [whole] { return whole->next(); };
    co_return co_await restore_service(p, id, std::move(next), "a dump", job);
}

}  // namespace gasper::control
