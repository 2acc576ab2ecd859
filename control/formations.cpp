#include "control/formations.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "control/formation.hpp"
#include "control/job_kinds.hpp"
#include "control/parts.hpp"
#include "control/platform.hpp"
#include "control/release_jobs.hpp"
#include "control/switch.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

constexpr int most_instances = 100;  // of one process type

std::string in_words(const formation& quantities) {
    std::string text;
    for (const auto& [process, quantity] : quantities)
        text += (text.empty() ? "" : ", ") + process + "=" + std::to_string(quantity);
    return text;
}

task<std::optional<release>> current_of(parts& p, app a) {
    co_return co_await p.db.read([&](SQLite::Database& db) { return store::find_release(db, p.box, a.current); });
}

result<> check_process(const std::optional<release>& r, const std::string& app, const std::string& process) {
    if (process == "release")
        return fail(errc::invalid, "process_is_release", "release runs once per release; it cannot be scaled");
    if (!r || r->processes.contains(process)) return {};
    std::string known;
    for (const auto& [name, command] : r->processes)
        known += (known.empty() ? "" : ", ") + name;
    return fail(errc::invalid, "process_unknown",
                app + " has no process type " + process + "; it has " + (known.empty() ? "none" : known));
}

// What is wanted is read when the job's turn has come: an earlier one may have changed it.
task<result<>> run_scale(parts& p, app_id id, formation quantities, job_context& job) {
    auto a = co_await p.db.read([id](SQLite::Database& db) { return store::find_app(db, id); });
    if (!a) co_return fail(errc::not_found, "app_not_found", "the app is gone");
    auto wanted = a->wanted;
    for (const auto& [process, quantity] : quantities)
        wanted[process] = quantity;
    job.say("-----> Scaling " + a->name + " to " + in_words(quantities));
    const auto done = "Scaled to " + in_words(quantities);
    co_return co_await scale_to(p, id, wanted, a->stopped, done, job);
}

task<result<>> run_stopped(parts& p, app_id id, bool stopped, std::string user, job_context& job) {
    auto a = co_await p.db.read([id](SQLite::Database& db) { return store::find_app(db, id); });
    if (!a) co_return fail(errc::not_found, "app_not_found", "the app is gone");
    const std::string what = stopped ? "Stopp" : "Start";
    job.say("-----> " + what + "ing " + a->name);
    const auto done = what + "ed by " + user;
    co_return co_await scale_to(p, id, a->wanted, stopped, done, job);
}

job_runner::work scale_work(parts& p, app_id id, formation quantities) {
    return [&p, id, quantities](job_context& job) { return run_scale(p, id, quantities, job); };
}

job_runner::work stopped_work(parts& p, app_id id, std::string user, bool stopped) {
    return [&p, id, user, stopped](job_context& job) { return run_stopped(p, id, stopped, user, job); };
}

task<result<job_id>> start_stopped_job(parts& p, app a, std::string user, bool stopped) {
    job description{.kind = stopped ? "stop" : "start", .key = a.name, .input = "{}", .user = user};
    auto run = stopped_work(p, a.id, user, stopped);
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

}  // namespace

task<result<job_runner::work>> resume_scale(parts& p, job cut) {
    auto a = co_await app_of(p, cut);
    if (!a) co_return a.error();
    co_return scale_work(p, a->id, nlohmann::json::parse(cut.input).get<formation>());
}

task<result<job_runner::work>> resume_stopped(parts& p, job cut) {
    auto a = co_await app_of(p, cut);
    if (!a) co_return a.error();
    co_return stopped_work(p, a->id, cut.user, cut.kind == "stop");
}

namespace {

process_view view_of(const parts& p, const app& a, const std::optional<release>& r, const std::string& process,
                     const std::string& command) {
    process_view v{.process = process, .command = command};
    if (const auto wanted = a.wanted.find(process); wanted != a.wanted.end()) v.quantity = wanted->second;
    v.rules = rules_for(p, r.value_or(release{.limit = p.settings.limit}), process);
    if (r && r->set.contains(process)) v.set = r->set.at(process);
    for (const auto& i : p.running.of(a.name, r ? r->version : 0))
        if (i.process == process && i.state == instance_state::up) ++v.up;
    return v;
}

}  // namespace

task<result<std::vector<process_view>>> formations::list(identity who, std::string app, bool with_once) {
    auto a = co_await platform_.apps().authorize(who, app);
    if (!a) co_return a.error();
    auto& p = platform_.shared();
    const auto r = co_await current_of(p, *a);
    auto types = r ? r->processes : process_types{};
    for (const auto& [process, quantity] : a->wanted)
        if (quantity > 0) types.emplace(process, "");
    const auto phase = types.extract("release");
    std::vector<process_view> views;
    for (const auto& [process, command] : types)
        views.push_back(view_of(p, *a, r, process, command));
    if (with_once && phase) views.push_back(view_of(p, *a, r, phase.key(), phase.mapped()));
    if (with_once && r && !types.contains("run")) views.push_back(view_of(p, *a, r, "run", ""));
    co_return views;
}

task<result<job_id>> formations::scale(identity who, std::string app, formation quantities) {
    auto a = co_await platform_.apps().authorize(who, app);
    if (!a) co_return a.error();
    auto& p = platform_.shared();
    const auto r = co_await current_of(p, *a);
    if (quantities.empty()) co_return fail(errc::invalid, "scale_empty", "name a process type and how many: web=2");
    for (const auto& [process, quantity] : quantities) {
        if (auto fits = check_process(r, app, process); !fits) co_return fits.error();
        if (quantity < 0 || quantity > most_instances)
            co_return fail(errc::invalid, "quantity_invalid",
                           "between 0 and " + std::to_string(most_instances) + " instances of " + process);
    }
    const nlohmann::json input(quantities);
    job description{.kind = "scale", .key = app, .input = input.dump(), .user = who.name};
    auto run = scale_work(p, a->id, quantities);
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_id>> formations::stop(identity who, std::string app) {
    auto a = co_await platform_.apps().authorize(who, app);
    if (!a) co_return a.error();
    co_return co_await start_stopped_job(platform_.shared(), *a, who.name, true);
}

task<result<job_id>> formations::start(identity who, std::string app) {
    auto a = co_await platform_.apps().authorize(who, app);
    if (!a) co_return a.error();
    if (!a->current)
        co_return fail(errc::conflict, "app_not_deployed", app + " has not been deployed yet; push it first");
    co_return co_await start_stopped_job(platform_.shared(), *a, who.name, false);
}

task<result<job_id>> formations::set(identity who, std::string app, std::string process, process_settings said,
                                     bool forget) {
    auto a = co_await platform_.apps().authorize(who, app);
    if (!a) co_return a.error();
    auto& p = platform_.shared();
    const auto r = co_await current_of(p, *a);
    if (!r || r->code.image.empty())
        co_return fail(errc::conflict, "app_not_deployed", app + " has not been deployed yet; push it first");
    if (process != "release" && process != "run")  // of one-off processes
        if (auto known = check_process(r, app, process); !known) co_return known.error();
    if (auto fits = check_settings(said, process); !fits) co_return fits.error();
    const bool serves = process == "web";
    if (said.health && said.health->kind == health_check::probe::http && !serves)
        co_return fail(errc::invalid, "check_needs_port", "only web has a port that a path can be asked for");
    if (said == process_settings{} && !forget) co_return fail(errc::invalid, "settings_empty", "say what to change");
    co_return co_await start_settings_job(p, *a, who.name, process, said, forget);
}

}  // namespace gasper::control
