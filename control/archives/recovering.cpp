#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/archives/archive_jobs.hpp"
#include "control/archives/collecting.hpp"
#include "control/backups/replacing.hpp"
#include "control/backups/room.hpp"
#include "control/backups/streaming.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "core/store/archives.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr auto longest_recovery = hours(12);

/// Objects of one archive, one after the other, proved as they are read: each must say that it is what was asked for.
class archive_reader {
 public:
    archive_reader(parts& p, std::string service, std::string run, deadline until)
        : p_(p), service_(std::move(service)), run_(std::move(run)), until_(until) {}

    task<result<>> open(std::string place, std::string object, std::string what) {
        what_ = std::move(what);
        auto from = co_await backup_place_of(p_, std::move(place));
        if (!from) co_return named(from.error());
        auto source = co_await (*from)->open(std::move(object), until_);
        if (!source) co_return named(source.error());
        player_ = std::make_unique<backup_player>(p_, std::move(*source), until_);
        auto header = co_await player_->begin();
        if (!header) co_return named(header.error());
        if (header->service != archive_label(service_, run_, what_))
            co_return named(fail(errc::failed, "archive_mixed", "another object of an archive lies in its place"));
        co_return result<>();
    }

    /// Empty: its end, and all of it was there.
    task<result<std::string>> next() {
        auto piece = co_await player_->next();
        if (!piece) co_return named(piece.error());
        co_return piece;
    }

 private:
    error named(error e) const {
        e.message = what_ + " in the archive: " + e.message;
        return e;
    }

    parts& p_;
    std::string service_, run_, what_;
    deadline until_;
    std::unique_ptr<backup_player> player_;
};

/// The segments of a plan as the verb `recover-segments` takes them.
class segment_stream {
 public:
    segment_stream(archive_reader& reader, const std::vector<archive_segment>& segments)
        : reader_(reader), segments_(segments) {}

    task<result<std::string>> next() {
        if (reading_) {
            auto piece = co_await reader_.next();
            if (!piece || !piece->empty()) co_return piece;
            reading_ = false;
            ++at_;
        }
        if (at_ == segments_.size()) co_return std::string();
        const auto& s = segments_[at_];
        auto opened = co_await reader_.open(s.place, s.object, s.name);
        if (!opened) co_return opened.error();
        reading_ = true;
        co_return fmt::format("{} {}\n", s.name, s.full_size);
    }

 private:
    archive_reader& reader_;
    const std::vector<archive_segment>& segments_;
    std::size_t at_{0};
    bool reading_{false};
};

std::int64_t size_of_plan(const recovery_plan& plan) {
    auto bytes = plan.base.full_size;
    for (const auto& s : plan.segments)
        bytes += s.full_size;
    return bytes;
}

task<result<>> feed_verb(parts& p, const server_beside& beside, std::string verb, verb_input input, deadline until) {
    std::vector<std::string> words{std::move(verb)};
    verb_output nowhere;
    co_return co_await stream_verb(p, beside.server.container, std::move(words), std::move(input), std::move(nowhere),
                                   until);
}

task<result<>> feed_plan(parts& p, const server_beside& beside, std::string service, const recovery_plan& plan,
                         deadline until) {
    archive_reader reader(p, std::move(service), plan.base.run, until);
    auto opened = co_await reader.open(plan.base.place, plan.base.object, "base");
    if (!opened) co_return opened;
    verb_input base = [&reader] { return reader.next(); };
    auto fed = co_await feed_verb(p, beside, "recover-base", std::move(base), until);
    if (!fed) co_return fed;
    segment_stream segments(reader, plan.segments);
    verb_input log = [&segments] { return segments.next(); };
    co_return co_await feed_verb(p, beside, "recover-segments", std::move(log), until);
}

task<std::string> name_of_archive(parts& p, archive_id id) {
    const auto a = co_await p.db.read([id](SQLite::Database& db) { return store::find_archive(db, id); });
    co_return a ? a->service_name : std::string();
}

task<result<>> fill_by_recovery(parts& p, service s, server_beside& beside, recovery_plan plan, sys_time at,
                                job_context& job) {
    auto recovered = co_await recover_beside(p, s, beside, std::move(plan), at, job);
    if (!recovered) co_return recovered;
    auto given = co_await give_users(p, s, beside.server.container);
    if (!given) co_return given;
    co_return co_await end_beside(p, s, beside);
}

error other_version(const std::string& version, const service& s, sys_time at) {
    return fail(errc::conflict, "recovery_version",
                fmt::format("at {} it was of version {}, and {} is of {}; bring it into a new database: --into",
                            to_rfc3339(at), version, s.name, s.version));
}

task<result<>> run_recovery(parts& p, service_id id, archive_id from, sys_time at, job_context& job) {
    const auto s = co_await p.db.read([id](SQLite::Database& db) { return store::find_service(db, id); });
    if (!s) co_return fail(errc::not_found, "service_not_found", "the service is not there");
    co_await job.step("collect");
    // Whether that was enough is seen by what there is: the server of the archive may be away.
    auto collected = co_await collect_until_now(p, from, deadline::after(minutes(15)));
    if (!collected) job.say(" !     the newest of the log is not in the archive: " + collected.error().message);
    const auto all = co_await contents_of(p, from);
    auto plan = plan_recovery(all, at);
    if (!plan) co_return plan.error();
    if (plan->base.version != s->version) co_return other_version(plan->base.version, *s, at);
    beside_filler fill_it = [&p, plan = std::move(*plan), at](service into, server_beside& beside, job_context& j) {
        return fill_by_recovery(p, std::move(into), beside, plan, at, j);
    };
    auto name = co_await name_of_archive(p, from);
    const auto whence = fmt::format("{} as of {}", name, to_rfc3339(at));
    co_return co_await replace_data(p, id, std::move(fill_it), whence, job);
}

task<result<>> run_recovery_into_new(parts& p, service_id id, archive_id from, sys_time at, job_context& job) {
    auto work = run_recovery(p, id, from, at, job);
    co_return co_await erase_when_empty(p, id, std::move(work), job);
}

job_runner::work work_of_recovery(parts& p, service_id id, archive_id from, sys_time at,
                                  std::shared_ptr<service_to_fill> claim) {
    return [&p, id, from, at, claim = std::move(claim)](job_context& job) {
        if (!claim) return run_recovery(p, id, from, at, job);
        claim->waiting.take();
        return run_recovery_into_new(p, id, from, at, job);
    };
}

struct recovery_input {
    service_id service;
    archive_id from;
    sys_time at;
    bool anew{false};
};

recovery_input recovery_input_of(const job& cut) {
    const auto input = nlohmann::json::parse(cut.input);
    return {.service = {input.at("service").get<std::int64_t>()},
            .from = {input.at("archive").get<std::int64_t>()},
            .at = sys_time(std::chrono::milliseconds(input.at("at").get<std::int64_t>())),
            .anew = input.at("anew").get<bool>()};
}

}  // namespace

task<result<>> recover_beside(parts& p, service s, server_beside& beside, recovery_plan plan, sys_time at,
                              job_context& job) {
    auto room = co_await check_room_beside(p, s.name, size_of_plan(plan));
    if (!room) co_return room;
    const auto until = deadline::after(longest_recovery);
    co_await job.step("beside");
    job.say("-----> Starting a server beside it");
    auto done = co_await start_beside(p, s, beside, job.sink(), until.sooner(p.settings.build_deadline));
    if (!done) co_return done;
    co_await job.step("fetch");
    job.say(fmt::format("-----> Fetching the base backup of {} and {} segments of the log",
                        to_rfc3339(plan.base.begins), plan.segments.size()));
    auto name = co_await name_of_archive(p, plan.base.archive);
    done = co_await feed_plan(p, beside, std::move(name), plan, until);
    if (!done) co_return done;
    co_await job.step("recover");
    job.say("-----> Recovering until " + to_rfc3339(at));
    std::vector<std::string> words{"recover", std::to_string(at.time_since_epoch().count())};
    auto recovered = co_await run_verb(p, beside.server.container, std::move(words), "", until);
    if (!recovered) co_return recovered.error();
    // It changes over to what was recovered when it starts.
    done = co_await p.services.stop(beside.name, kind_of(s).stop_timeout);
    if (!done) co_return done;
    co_return co_await start_beside(p, s, beside, job.sink(), until.sooner(p.settings.build_deadline));
}

task<result<job_id>> start_recovery(parts& p, service into, archive_id from, sys_time at, bool anew, std::string user) {
    const nlohmann::json input{
        {"service", into.id.value}, {"archive", from.value}, {"at", at.time_since_epoch().count()}, {"anew", anew}};
    job description{
        .kind = "recovery", .key = service_job_key(into.name), .input = input.dump(), .user = std::move(user)};
    auto claim = claim_of(p, into, anew, {});
    auto run = work_of_recovery(p, into.id, from, at, claim);
    auto begun = co_await p.jobs.start(std::move(description), std::move(run));
    if (begun && claim) claim->waiting.waits_as(*begun);
    co_return begun;
}

task<result<job_runner::work>> resume_recovery(parts& p, job cut) {
    const auto input = recovery_input_of(cut);
    const auto s = co_await p.db.read([&](SQLite::Database& db) { return store::find_service(db, input.service); });
    if (!s) co_return fail(errc::not_found, "service_not_found", "the service is gone");
    const auto swapped = co_await swap_of(p, s->name, cut.id);
    if (swapped)
        co_return [&p, id = s->id, note = *swapped](job_context& job) { return finish_replacing(p, id, note, job); };
    co_return work_of_recovery(p, s->id, input.from, input.at, claim_of(p, *s, input.anew, cut.id));
}

task<> clear_recovery(parts& p, job cut, std::string) {
    if (fills_anew(cut)) co_await erase_unfilled(p, recovery_input_of(cut).service);
}

}  // namespace gasper::control
