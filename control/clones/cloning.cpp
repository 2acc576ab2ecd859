#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "control/backups/pouring.hpp"
#include "control/backups/room.hpp"
#include "control/backups/taking_place.hpp"
#include "control/clones/clone_jobs.hpp"
#include "control/services/filling.hpp"
#include "control/services/held.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "control/switch.hpp"
#include "core/store/audit.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

constexpr auto longest_clone = std::chrono::hours(12);
constexpr std::string_view clone_kind = "service-clone";

struct two_services {
    std::optional<service> from, into;
};

task<two_services> load_both(parts& p, service_id from, service_id into) {
    co_return co_await p.db.read([from, into](SQLite::Database& db) {
        return two_services{.from = store::find_service(db, from), .into = store::find_service(db, into)};
    });
}

error clone_without_one() {
    return fail(errc::not_found, "service_not_found", "the service is gone");
}

// What an earlier process had filled goes first: its server may be anywhere in the middle of it.
task<result<runtime::observed_service>> start_empty(parts& p, service into, job_context& job) {
    const auto until = deadline::after(p.settings.build_deadline);
    co_await job.step("image");
    auto spec = co_await service_spec_of(p, into, job.sink(), until);
    if (!spec) co_return spec.error();
    co_await job.step("start");
    job.say(fmt::format("-----> Starting an empty {} {}", kind_of(into).title, into.version));
    auto cleared = co_await clear_service(p, into);
    if (!cleared) co_return cleared.error();
    co_return co_await start_server(p, std::move(*spec), until.sooner(kind_of(into).start_timeout));
}

task<result<runtime::observed_service>> make_clone(parts& p, service from, service into, job_context& job) {
    auto ready = co_await needs_running(p, from);
    if (!ready) co_return ready.error();
    const auto disk = co_await look_at_disk(p, from.name);
    auto room = check_room("the data of " + from.name + " is there twice then", disk.data, disk.available);
    if (!room) co_return room.error();
    auto made = co_await start_empty(p, into, job);
    if (!made) co_return made.error();
    co_await job.step("transfer");
    job.say("-----> Dumping and restoring");
    const auto* running = p.service_servers.find(from.name);
    if (!running) co_return fail(errc::conflict, "service_not_running", from.name + " does not run any more");
    const auto container = running->container;
    auto tables = co_await pour_and_count(p, into, container, made->container, deadline::after(longest_clone));
    if (!tables) co_return tables.error();
    if (*tables > 0) job.say(fmt::format("       {} tables, as they are", *tables));
    co_return made;
}

struct clone_order {
    service_id from, into;
    std::string user;
};

job_runner::work clone_work(parts& p, clone_order o, std::shared_ptr<service_to_fill> claim) {
    return [&p, o = std::move(o), claim = std::move(claim)](job_context& job) {
        claim->waiting.take();
        return run_clone(p, o.from, o.into, o.user, job);
    };
}

service_id id_in(const nlohmann::json& input, const char* which) {
    return {input.at(which).get<std::int64_t>()};
}

}  // namespace

task<result<>> run_clone(parts& p, service_id from_id, service_id into_id, std::string user, job_context& job) {
    auto both = co_await load_both(p, from_id, into_id);
    if (!both.into) co_return clone_without_one();
    auto& into = *both.into;
    if (!both.from) {
        co_await erase_unfilled(p, into.id);
        co_return clone_without_one();
    }
    const auto& from = *both.from;
    job.say(fmt::format("-----> Cloning {} into {}, plan {}", from.name, into.name, into.plan));
    const held_service held(p.service_servers, into.name);
    auto work = make_clone(p, from, into, job);
    auto made = co_await job.guard(std::move(work));
    if (!made) {
        co_await erase_unfilled(p, into.id);
        co_return made.error();
    }
    job.commit();
    p.service_servers.running[into.name] = *made;
    into.made = true;
    co_await p.db.transaction([&](SQLite::Database& db) {
        store::update_service(db, into);
        store::add_audit(db, user, "service.cloned", service_job_key(into.name), "of " + from.name);
        job.step_in(db, committed_step);
    });
    job.say(fmt::format("       {} is ready; no app is attached to it", into.name));
    co_return result<>();
}

task<result<job_id>> start_clone(parts& p, service from, service into, std::string user) {
    const nlohmann::json input{{"from", from.id.value}, {"into", into.id.value}, {"name", into.name}};
    job description{
        .kind = std::string(clone_kind), .key = service_job_key(from.name), .input = input.dump(), .user = user};
    auto claim = std::make_shared<service_to_fill>(p, into);
    clone_order order{.from = from.id, .into = into.id, .user = std::move(user)};
    auto run = clone_work(p, std::move(order), claim);
    auto begun = co_await p.jobs.start(std::move(description), std::move(run));
    if (begun) claim->waiting.waits_as(*begun);
    co_return begun;
}

// What it had made serves nobody yet: it is made once more, in the same places.
task<result<job_runner::work>> resume_clone(parts& p, job cut) {
    const auto input = nlohmann::json::parse(cut.input);
    const auto both = co_await load_both(p, id_in(input, "from"), id_in(input, "into"));
    if (!both.from || !both.into) co_return clone_without_one();
    auto claim = std::make_shared<service_to_fill>(p, *both.into);
    claim->waiting.waits_as(cut.id);
    clone_order order{.from = both.from->id, .into = both.into->id, .user = cut.user};
    co_return clone_work(p, std::move(order), std::move(claim));
}

task<> clear_clone(parts& p, job cut, std::string) {
    const auto input = nlohmann::json::parse(cut.input, nullptr, false);
    if (!input.is_object() || !input.contains("into")) co_return;
    co_await erase_unfilled(p, id_in(input, "into"));
}

std::string clone_made_by(const job& j) {
    if (j.kind != clone_kind) return {};
    const auto input = nlohmann::json::parse(j.input, nullptr, false);
    return input.is_object() ? input.value("name", std::string()) : std::string();
}

}  // namespace gasper::control
