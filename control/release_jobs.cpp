#include "control/release_jobs.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "control/services/attaching.hpp"
#include "control/switch.hpp"
#include "core/store/apps.hpp"
#include "core/store/cron.hpp"
#include "core/store/jobs.hpp"
#include "core/store/services.hpp"
#include "core/store/volumes.hpp"

namespace gasper::control {

namespace {

using config_changes = std::map<std::string, std::optional<std::string>>;

struct current_state {
    std::optional<app> a;
    std::optional<release> r;
};

task<current_state> load(parts& p, app_id id) {
    co_return co_await p.db.read([&p, id](SQLite::Database& db) {
        current_state s{.a = store::find_app(db, id)};
        if (s.a && s.a->current) s.r = store::find_release(db, p.box, s.a->current);
        return s;
    });
}

error app_gone() {
    return fail(errc::not_found, "app_not_found", "the app is gone");
}

// "Set FOO, BAR config vars", "Unset FOO config var": names only, never a value.
std::string describe(const config_changes& changes) {
    std::string set, unset;
    std::size_t count = 0;
    for (const auto& [key, value] : changes) {
        auto& list = value ? set : unset;
        list += (list.empty() ? "" : ", ") + key;
        ++count;
    }
    std::string text = set.empty() ? "" : "Set " + set;
    if (!unset.empty()) text += (text.empty() ? "Unset " : ", unset ") + unset;
    return text + (count == 1 ? " config var" : " config vars");
}

release next_of(const app& a, const std::optional<release>& current, const options& o) {
    release next = current.value_or(release{.app = a.id, .limit = o.limit});
    next.id = {};
    next.version = 0;
    next.state = release_state::pending;
    next.reason.clear();
    return next;
}

// A rollback may cross languages: the build knows what it was.
task<std::string> language_of(parts& p, const app& a, const release& r) {
    const auto made = co_await p.db.read([&](SQLite::Database& db) { return store::find_build(db, a.id, r.build); });
    if (made) co_return made->buildpack;
    co_return a.language;
}

change same_formation(const app& a, release next) {
    return {.app = a, .next = std::move(next), .language = a.language, .wanted = a.wanted};
}

task<result<>> run_config(parts& p, app_id id, std::string user, config_changes changes, job_context& job) {
    const auto what = describe(changes);
    auto released = co_await release_config(p, id, user, changes, what, job);
    if (!released) co_return released.error();
    job.say("       Released v" + std::to_string(released->version));
    co_return result<>();
}

struct settings_change {
    std::string process;
    process_settings said;
    bool forget{false};
};

task<result<>> run_settings(parts& p, app_id id, std::string user, settings_change to, job_context& job) {
    auto s = co_await load(p, id);
    if (!s.a) co_return app_gone();
    auto next = next_of(*s.a, s.r, p.settings);
    const auto before = to.forget ? process_settings{} : next.set[to.process];
    next.set[to.process] = overlay(before, to.said);
    if (next.set[to.process] == process_settings{}) next.set.erase(to.process);
    next.description =
        (to.forget && to.said == process_settings{} ? "Reset limits and checks of " : "Set limits or checks of ") +
        to.process;
    next.user = user;
    job.say("-----> " + next.description + ", restarting " + s.a->name);
    const auto c = same_formation(*s.a, std::move(next));
    auto released = co_await switch_to(p, c, job);
    if (!released) co_return released.error();
    job.say("       Released v" + std::to_string(released->version));
    co_return result<>();
}

task<result<>> run_rollback(parts& p, app_id id, std::string user, release target, job_context& job) {
    auto s = co_await load(p, id);
    if (!s.a) co_return app_gone();
    const auto to = "v" + std::to_string(target.version);
    job.say("-----> Rolling back " + s.a->name + " to " + to);
    auto next = next_of(*s.a, target, p.settings);
    next.description = "Rollback to " + to;
    next.user = user;
    co_await renew_variables(p, s.a->id, target.id, next.config);
    auto c = same_formation(*s.a, std::move(next));
    c.language = co_await language_of(p, *s.a, target);
    c.cron = co_await p.db.read([&](SQLite::Database& db) { return store::cron_lines_of(db, target.id); });
    auto released = co_await switch_to(p, c, job);
    if (!released) co_return released.error();
    job.say("       Released v" + std::to_string(released->version));
    co_return result<>();
}

task<result<>> run_restart(parts& p, app_id id, std::string user, job_context& job) {
    auto s = co_await load(p, id);
    if (!s.a) co_return app_gone();
    auto next = next_of(*s.a, s.r, p.settings);
    next.description = "Restart";
    next.user = user;
    job.say("-----> Restarting " + s.a->name);
    const auto c = same_formation(*s.a, std::move(next));
    auto released = co_await switch_to(p, c, job);
    if (!released) co_return released.error();
    co_return result<>();
}

task<result<>> run_mount(parts& p, app_id id, std::string user, volume_mount what, bool mounted, job_context& job) {
    auto s = co_await load(p, id);
    if (!s.a) co_return app_gone();
    auto [v, mounts] = co_await p.db.read([&](SQLite::Database& db) {
        return std::pair(store::find_volume(db, what.volume), store::mounts_of(db, s.a->current));
    });
    if (!v) co_return fail(errc::not_found, "volume_not_found", "the volume " + what.volume + " is gone");
    if (mounted && !v->app.empty())
        co_return fail(errc::conflict, "volume_in_use", what.volume + " is mounted in " + v->app + " already");
    std::erase_if(mounts, [&](const volume_mount& m) { return m.path == what.path || m.volume == what.volume; });
    if (mounted) mounts.push_back(what);
    auto next = next_of(*s.a, s.r, p.settings);
    next.description = mounted ? "Mount " + what.volume + " at " + what.path : "Unmount " + what.volume;
    next.user = user;
    job.say("-----> " + next.description + ", restarting " + s.a->name);
    auto c = same_formation(*s.a, std::move(next));
    c.mounts = std::move(mounts);
    auto released = co_await switch_to(p, c, job);
    if (!released) co_return released.error();
    job.say("       Released v" + std::to_string(released->version));
    co_return result<>();
}

}  // namespace

void apply_changes(config_vars& vars, const config_changes& changes) {
    for (const auto& [key, value] : changes) {
        if (value)
            vars[key] = *value;
        else
            vars.erase(key);
    }
}

task<result<release>> release_config(parts& p, app_id id, std::string user, config_changes changes,
                                     std::string description, job_context& job) {
    auto s = co_await load(p, id);
    if (!s.a) co_return app_gone();
    auto next = next_of(*s.a, s.r, p.settings);
    apply_changes(next.config, changes);
    next.description = std::move(description);
    next.user = std::move(user);
    job.say("-----> " + next.description + ", restarting " + s.a->name);
    const auto c = same_formation(*s.a, std::move(next));
    co_return co_await switch_to(p, c, job);
}

task<result<job_id>> start_config_job(parts& p, app a, std::string user, config_changes changes) {
    nlohmann::json names = nlohmann::json::array();  // the values are secret: a lost job is not resumed from them
    for (const auto& change : changes)
        names.push_back(change.first);
    job description{.kind = "config", .key = a.name, .input = names.dump(), .user = user};
    auto run = [&p, id = a.id, user, changes = std::move(changes)](job_context& job) {
        return run_config(p, id, user, changes, job);
    };
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_id>> start_settings_job(parts& p, app a, std::string user, std::string process, process_settings said,
                                        bool forget) {
    const nlohmann::json input{{"process", process}};
    job description{.kind = "settings", .key = a.name, .input = input.dump(), .user = user};
    settings_change to{std::move(process), std::move(said), forget};
    auto run = [&p, id = a.id, user, to = std::move(to)](job_context& job) {
        return run_settings(p, id, user, to, job);
    };
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<release>> find_rollback(parts& p, app a, int version) {
    auto [current, target] = co_await p.db.read([&](SQLite::Database& db) {
        auto now_serving = store::find_release(db, p.box, a.current);
        const int before = now_serving ? now_serving->version : 0;
        auto wanted = version > 0 ? store::find_release(db, p.box, a.id, version)
                                  : store::release_before(db, p.box, a.id, before);
        return std::pair(now_serving, wanted);
    });
    if (!target && version > 0)
        co_return fail(errc::not_found, "release_not_found", a.name + " has no release v" + std::to_string(version));
    if (!target)
        co_return fail(errc::conflict, "nothing_to_roll_back", a.name + " has no earlier release to go back to");
    const auto named = "v" + std::to_string(target->version);
    if (target->state != release_state::succeeded || target->code.image.empty())
        co_return fail(errc::conflict, "release_not_runnable", named + " never ran; choose another with releases");
    if (current && current->id == target->id)
        co_return fail(errc::conflict, "release_is_current", named + " is what runs now");
    if (!target->code.directory.empty() && !std::filesystem::exists(target->code.directory))
        co_return fail(errc::conflict, "release_collected",
                       "the build of " + named + " is no longer kept; push the commit again");
    co_return *target;
}

task<result<job_id>> start_rollback_job(parts& p, app a, std::string user, release target) {
    const nlohmann::json input{{"version", target.version}};
    job description{.kind = "rollback", .key = a.name, .input = input.dump(), .user = user};
    auto run = [&p, id = a.id, user, target](job_context& job) { return run_rollback(p, id, user, target, job); };
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_id>> start_restart_job(parts& p, app a, std::string user) {
    job description{.kind = "restart", .key = a.name, .input = "{}", .user = user};
    auto run = [&p, id = a.id, user](job_context& job) { return run_restart(p, id, user, job); };
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_id>> start_mount_job(parts& p, app a, std::string user, volume_mount what, bool mounted) {
    const nlohmann::json input{{"volume", what.volume}, {"path", what.path}, {"mounted", mounted}};
    job description{.kind = "storage", .key = a.name, .input = input.dump(), .user = user};
    auto run = [&p, id = a.id, user, what, mounted](job_context& job) {
        return run_mount(p, id, user, what, mounted, job);
    };
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<>> destroy_app(parts& p, app a) {
    const auto attached =
        co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, a.id); });
    const auto jobs = co_await p.db.transaction([&](SQLite::Database& db) {
        store::remove_app(db, a.id);
        return store::remove_jobs_of(db, a.name);  // the next app of that name may be another's
    });
    p.jobs.forget_logs(jobs);
    p.running.forget_app(a.name);
    p.logs->remove(a.name);
    co_await publish_and_wait(p);
    co_await p.spares.drop(a.name);
    for (const auto& t : attached) {
        const auto s = co_await p.db.read([&t](SQLite::Database& db) { return store::find_service(db, t.service); });
        if (s) co_await close_way(p, *s, t);
    }
    auto removed = co_await p.cluster.remove_app(a.name);
    const auto repository = repository_of(p, a.name), home = app_directory(p, a.name);
    co_await p.files.run([&] {
        std::error_code ignored;
        std::filesystem::remove_all(repository, ignored);
        std::filesystem::remove_all(home, ignored);
    });
    co_return removed;
}

}  // namespace gasper::control
