#include "control/release_jobs.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "control/job_kinds.hpp"
#include "control/services/ways.hpp"
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

// What the release had mounted, if it can have it again.
result<std::vector<volume_mount>> mounts_again(SQLite::Database& db, const app& a, const release& target) {
    if (const auto lost = store::lost_mounts_of(db, target.id); !lost.empty())
        return fail(errc::conflict, "volume_gone",
                    "v" + std::to_string(target.version) + " had the volume " + lost.front().volume + " at " +
                        lost.front().path + ", which was destroyed since; choose another release");
    auto mounts = store::mounts_of(db, target.id);
    if (auto free = store::check_mounts(db, a.id, mounts); !free) return free.error();
    return mounts;
}

// A volume that the app has not mounted now is its owner's to mount.
result<> check_mounts_of(SQLite::Database& db, const app& a, const identity& who, const release& target) {
    const auto mounts = mounts_again(db, a, target);
    if (!mounts) return mounts.error();
    for (const auto& m : *mounts) {
        const auto v = store::find_volume(db, m.volume);
        if (v && v->app != a.name && !who.admin && v->owner != who.id)
            return fail(errc::forbidden, "volume_not_yours",
                        "v" + std::to_string(target.version) + " had the volume " + m.volume +
                            ", which only its owner may mount again");
    }
    return {};
}

task<result<>> run_rollback(parts& p, app_id id, std::string user, release target, job_context& job) {
    auto s = co_await load(p, id);
    if (!s.a) co_return app_gone();
    const auto to = "v" + std::to_string(target.version);
    job.say("-----> Rolling back " + s.a->name + " to " + to);
    auto next = next_of(*s.a, target, p.settings);
    next.description = "Rollback to " + to;
    next.user = user;
    auto mounts = co_await p.db.read([&](SQLite::Database& db) { return mounts_again(db, *s.a, target); });
    if (!mounts) co_return mounts.error();
    co_await renew_variables(p, s.a->id, target.id, next.config);
    auto c = same_formation(*s.a, std::move(next));
    c.mounts = std::move(*mounts);
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

namespace {

job_runner::work config_work(parts& p, app_id id, std::string user, config_changes changes) {
    return [&p, id, user, changes](job_context& job) { return run_config(p, id, user, changes, job); };
}

job_runner::work settings_work(parts& p, app_id id, std::string user, settings_change to) {
    return [&p, id, user, to](job_context& job) { return run_settings(p, id, user, to, job); };
}

job_runner::work rollback_work(parts& p, app_id id, std::string user, release target) {
    return [&p, id, user, target](job_context& job) { return run_rollback(p, id, user, target, job); };
}

job_runner::work restart_work(parts& p, app_id id, std::string user) {
    return [&p, id, user](job_context& job) { return run_restart(p, id, user, job); };
}

job_runner::work mount_work(parts& p, app_id id, std::string user, volume_mount what, bool mounted) {
    return [&p, id, user, what, mounted](job_context& job) { return run_mount(p, id, user, what, mounted, job); };
}

}  // namespace

task<result<release>> release_config(parts& p, app_id id, std::string user, config_changes changes,
                                     std::string description, job_context& job) {
    return release_config(p, id, std::move(user), std::move(changes), std::move(description), {}, job);
}

task<result<release>> release_config(parts& p, app_id id, std::string user, config_changes changes,
                                     std::string description, release_effect effect, job_context& job) {
    auto s = co_await load(p, id);
    if (!s.a) co_return app_gone();
    auto next = next_of(*s.a, s.r, p.settings);
    apply_changes(next.config, changes);
    next.description = std::move(description);
    next.user = std::move(user);
    job.say("-----> " + next.description + ", restarting " + s.a->name);
    auto c = same_formation(*s.a, std::move(next));
    c.effect = std::move(effect);
    co_return co_await switch_to(p, c, job);
}

// The values are secret: they stand in the job's input as they do in a release.
task<result<job_id>> start_config_job(parts& p, app a, std::string user, config_changes changes) {
    auto names = nlohmann::json::array(), said = nlohmann::json::object();
    for (const auto& [name, value] : changes) {
        names.push_back(name);
        said[name] = value ? nlohmann::json(*value) : nlohmann::json();
    }
    const nlohmann::json input{{"names", names}, {"sealed", base64(p.box.seal(said.dump()))}};
    job description{.kind = "config", .key = a.name, .input = input.dump(), .user = user};
    auto run = config_work(p, a.id, user, std::move(changes));
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_runner::work>> resume_config(parts& p, job cut) {
    auto a = co_await app_of(p, cut);
    if (!a) co_return a.error();
    const auto input = nlohmann::json::parse(cut.input);
    const auto sealed = from_base64(input.at("sealed").get<std::string>());
    if (!sealed) co_return sealed.error();
    const auto plain = p.box.unseal(*sealed);
    if (!plain) co_return plain.error();
    const auto said = nlohmann::json::parse(*plain);
    config_changes changes;
    for (const auto& [name, value] : said.items())
        changes[name] = value.is_null() ? std::optional<std::string>() : value.get<std::string>();
    co_return config_work(p, a->id, cut.user, std::move(changes));
}

task<result<job_id>> start_settings_job(parts& p, app a, std::string user, std::string process, process_settings said,
                                        bool forget) {
    const settings_by_process by_process{{process, said}};
    const nlohmann::json input{{"process", process}, {"said", to_json(by_process)}, {"forget", forget}};
    job description{.kind = "settings", .key = a.name, .input = input.dump(), .user = user};
    settings_change to{std::move(process), std::move(said), forget};
    auto run = settings_work(p, a.id, user, std::move(to));
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_runner::work>> resume_settings(parts& p, job cut) {
    auto a = co_await app_of(p, cut);
    if (!a) co_return a.error();
    const auto input = nlohmann::json::parse(cut.input);
    const auto process = input.at("process").get<std::string>();
    auto by_process = settings_from_json(input.at("said").get<std::string>());
    settings_change to{process, by_process[process], input.at("forget").get<bool>()};
    co_return settings_work(p, a->id, cut.user, std::move(to));
}

task<result<release>> find_rollback(parts& p, app a, identity who, int version) {
    auto [current, target] = co_await p.db.read([&](SQLite::Database& db) {
        auto now_serving = store::find_release(db, p.box, a.current);
        std::optional<release> wanted;
        if (version > 0)
            wanted = store::find_release(db, p.box, a.id, version);
        else if (now_serving)
            wanted = store::release_before(db, p.box, *now_serving);
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
    const auto& mounted = *target;  // clang 14 does not capture what is bound with others
    auto mountable = co_await p.db.read([&](SQLite::Database& db) { return check_mounts_of(db, a, who, mounted); });
    if (!mountable) co_return mountable.error();
    co_return *target;
}

task<result<job_id>> start_rollback_job(parts& p, app a, std::string user, release target) {
    const nlohmann::json input{{"version", target.version}};
    job description{.kind = "rollback", .key = a.name, .input = input.dump(), .user = user};
    auto run = rollback_work(p, a.id, user, std::move(target));
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_runner::work>> resume_rollback(parts& p, job cut) {
    auto a = co_await app_of(p, cut);
    if (!a) co_return a.error();
    const auto version = nlohmann::json::parse(cut.input).at("version").get<int>();
    auto target =
        co_await p.db.read([&](SQLite::Database& db) { return store::find_release(db, p.box, a->id, version); });
    if (!target) co_return fail(errc::not_found, "release_not_found", "there is no v" + std::to_string(version));
    co_return rollback_work(p, a->id, cut.user, std::move(*target));
}

task<result<job_id>> start_restart_job(parts& p, app a, std::string user) {
    job description{.kind = "restart", .key = a.name, .input = "{}", .user = user};
    auto run = restart_work(p, a.id, user);
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_runner::work>> resume_restart(parts& p, job cut) {
    auto a = co_await app_of(p, cut);
    if (!a) co_return a.error();
    co_return restart_work(p, a->id, cut.user);
}

task<result<job_id>> start_mount_job(parts& p, app a, std::string user, volume_mount what, bool mounted) {
    const nlohmann::json input{{"volume", what.volume}, {"path", what.path}, {"mounted", mounted}};
    job description{.kind = "storage", .key = a.name, .input = input.dump(), .user = user};
    auto run = mount_work(p, a.id, user, std::move(what), mounted);
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_runner::work>> resume_mount(parts& p, job cut) {
    auto a = co_await app_of(p, cut);
    if (!a) co_return a.error();
    const auto input = nlohmann::json::parse(cut.input);
    volume_mount what{.volume = input.at("volume").get<std::string>(), .path = input.at("path").get<std::string>()};
    co_return mount_work(p, a->id, cut.user, std::move(what), input.at("mounted").get<bool>());
}

task<result<>> destroy_app(parts& p, app a) {
    const auto attached =
        co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, a.id); });
    const auto jobs = co_await p.db.transaction([&](SQLite::Database& db) {
        store::remove_app(db, a.id);
        return store::remove_jobs_of(db, a.name);  // the next app of that name may be another's
    });
    p.jobs.forget_logs(jobs);
    co_await end_lost_tunnels(p);
    p.running.forget_app(a.name);
    p.sleep.forget(a.name);
    // One that is being started again ends by itself.
    std::erase_if(p.restarts,
                  [prefix = a.name + "/"](const auto& r) { return r.first.starts_with(prefix) && !r.second.pending; });
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
