#include "control/apps.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "control/audit.hpp"
#include "control/parts.hpp"
#include "control/platform.hpp"
#include "control/release_jobs.hpp"
#include "control/supervision.hpp"
#include "core/store/apps.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

constexpr int most_listed = 100;

error no_such_app(const std::string& name) {
    return fail(errc::not_found, "app_not_found", "there is no app '" + name + "' that you may use");
}

bool may_use(const identity& who, const app& a) {
    return who.admin || a.owner == who.id;
}

// What an attachment says is the attachment's to change.
task<result<>> not_attached(parts& p, app_id id, const std::map<std::string, std::optional<std::string>>& changes) {
    const auto attached =
        co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, id); });
    for (const auto& a : attached)
        if (changes.contains(a.variable))
            co_return fail(errc::conflict, "config_attached",
                           a.variable + " comes from the service " + a.service_name + "; see services:detach");
    co_return result<>();
}

// One of its instances ended, and is waited for to be started again.
bool crashes(const parts& p, const app& a) {
    const auto first = p.restarts.lower_bound(a.name + "/");
    return std::any_of(first, p.restarts.end(), [&](const auto& r) {
        return r.first.starts_with(a.name + "/") && r.second.pending && r.second.in_row > 0;
    });
}

// One of those that are wanted ends again and again, also if it is up just now.
bool has_crashed_one(const parts& p, const app& a, int version) {
    for (const auto& [process, quantity] : a.wanted)
        for (int n = 1; n <= quantity; ++n) {
            const auto r = p.restarts.find(a.name + "/" + process + "." + std::to_string(n));
            if (r != p.restarts.end() && has_crashed(r->second, version)) return true;
        }
    return false;
}

std::string state_of(const parts& p, const app& a, int version) {
    if (p.jobs.busy(a.name)) return "deploying";
    if (version == 0) return "new";
    if (a.stopped) return "stopped";
    if (p.sleep.sleeps(a.name)) return "asleep";
    if (has_crashed_one(p, a, version)) return "crashed";
    const auto instances = p.running.of(a.name, version);
    const auto in = [&](instance_state s) {
        return std::any_of(instances.begin(), instances.end(), [s](const auto& i) { return i.state == s; });
    };
    if (in(instance_state::up)) return "up";
    return crashes(p, a) ? "crashed" : "down";
}

app_view view_of(const parts& p, const app& a, const store::release_summary& current) {
    const auto& o = p.settings;
    const auto port = [](std::uint16_t n, std::uint16_t normal) { return n == normal ? "" : ":" + std::to_string(n); };
    return {.info = a,
            .state = state_of(p, a, current.version),
            .version = current.version,
            .released = current.created,
            .urls = {"http://" + a.name + "." + o.domain + port(o.http_port, 80)},
            .git_url = "ssh://git@" + o.public_host + port(o.ssh_port, 22) + "/" + a.name + ".git"};
}

}  // namespace

namespace {

int restarts_of(const parts& p, const std::string& key) {
    const auto r = p.restarts.find(key);
    return r == p.restarts.end() ? 0 : r->second.in_row;
}

// Those that ended and wait out their back-off: they have no container to be seen by.
void add_waiting(const parts& p, const app& a, const std::optional<release>& r, std::vector<instance_view>& views) {
    const auto prefix = a.name + "/";
    for (auto at = p.restarts.lower_bound(prefix); at != p.restarts.end() && at->first.starts_with(prefix); ++at) {
        const auto name = at->first.substr(prefix.size());
        const bool seen = std::any_of(views.begin(), views.end(), [&](const auto& v) {
            return v.name == name && (v.state == "up" || v.state == "starting");
        });
        if (!at->second.pending || seen || !r) continue;
        const auto process = name.substr(0, name.rfind('.'));
        const auto command = r->processes.find(process);
        views.push_back({.name = name,
                         .command = command == r->processes.end() ? "" : command->second,
                         .state = at->second.in_row >= crashed_after ? "crashed" : "restarting",
                         .restarts = at->second.in_row,
                         .version = r->version,
                         .since = now()});
    }
}

}  // namespace

task<result<app>> apps::authorize(identity who, std::string name) {
    auto found = co_await platform_.shared().db.read([&](SQLite::Database& db) { return store::find_app(db, name); });
    if (!found || !may_use(who, *found)) co_return no_such_app(name);
    co_return *found;
}

task<result<app_view>> apps::create(identity who, std::string name) {
    auto& p = platform_.shared();
    if (auto fits = check_app_name(name); !fits) co_return fits.error();
    auto made = co_await p.db.transaction([&](SQLite::Database& db) -> result<app> {
        if (store::find_app(db, name))
            return fail(errc::conflict, "app_exists", "the name '" + name + "' is taken; choose another");
        const auto id = store::add_app(db, name, who.id);
        store::add_audit(db, who.name, "app.created", name, "");
        return *store::find_app(db, id);
    });
    if (!made) co_return made.error();
    co_await note(p, made->id, "App created by " + who.name);
    co_await publish(p);
    co_return view_of(p, *made, {});
}

task<result<std::vector<app_view>>> apps::list(identity who) {
    auto& p = platform_.shared();
    auto rows = co_await p.db.read([&](SQLite::Database& db) {
        std::vector<std::pair<app, store::release_summary>> found;
        for (auto& a : store::all_apps(db))
            if (may_use(who, a)) found.emplace_back(a, store::summary_of(db, a.current));
        return found;
    });
    std::vector<app_view> views;
    for (const auto& [a, current] : rows)
        views.push_back(view_of(p, a, current));
    co_return views;
}

task<result<app_view>> apps::info(identity who, std::string name) {
    auto found = co_await authorize(who, name);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    const auto current =
        co_await p.db.read([&](SQLite::Database& db) { return store::summary_of(db, found->current); });
    co_return view_of(p, *found, current);
}

task<result<>> apps::destroy(identity who, std::string name, std::string confirm, bool with_volumes) {
    auto found = co_await authorize(who, name);
    if (!found) co_return found.error();
    if (confirm != name)
        co_return fail(errc::invalid, "confirm_mismatch",
                       "destroying an app cannot be undone; confirm with its name: " + name);
    auto& p = platform_.shared();
    if (p.jobs.busy(name))
        co_return fail(errc::conflict, "app_busy", "a job of " + name + " is running; try again when it has ended");
    auto volumes = co_await platform_.volumes().list(who, name);
    auto done = co_await destroy_app(p, *found);
    if (!done) co_return done;
    co_await record(p, who.name, "app.destroyed", name);
    if (!volumes || !with_volumes) co_return done;
    for (const auto& v : *volumes) {
        auto gone = co_await platform_.volumes().destroy(who, v.name, v.name);
        if (!gone) co_return gone;
    }
    co_return result<>();
}

task<result<config_vars>> apps::config(identity who, std::string name) {
    auto found = co_await authorize(who, name);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    auto r = co_await p.db.read([&](SQLite::Database& db) { return store::find_release(db, p.box, found->current); });
    co_return r ? r->config : config_vars{};
}

task<result<job_id>> apps::set_config(identity who, std::string name,
                                      std::map<std::string, std::optional<std::string>> changes) {
    auto now_set = co_await config(who, name);
    if (!now_set) co_return now_set.error();
    if (changes.empty()) co_return fail(errc::invalid, "config_empty", "name at least one config var");
    std::size_t bytes = 0;
    for (const auto& [key, value] : changes) {
        if (auto fits = check_config_var(key, value.value_or("")); !fits) co_return fits.error();
        bytes += key.size() + value.value_or("").size();
    }
    if (bytes > (256 << 10))
        co_return fail(errc::too_large, "config_too_large", "config vars take at most 256 KiB in all");
    auto next = *now_set;
    apply_changes(next, changes);
    if (next == *now_set && !platform_.shared().jobs.busy(name)) co_return job_id{};
    auto found = co_await authorize(who, name);
    if (!found) co_return found.error();
    if (auto free = co_await not_attached(platform_.shared(), found->id, changes); !free) co_return free.error();
    co_return co_await start_config_job(platform_.shared(), *found, who.name, std::move(changes));
}

task<result<std::vector<release>>> apps::releases(identity who, std::string name) {
    auto found = co_await authorize(who, name);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    co_return co_await p.db.read(
        [&](SQLite::Database& db) { return store::releases_of(db, p.box, found->id, most_listed); });
}

task<result<release>> apps::release_info(identity who, std::string name, int version) {
    auto found = co_await authorize(who, name);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    auto r =
        co_await p.db.read([&](SQLite::Database& db) { return store::find_release(db, p.box, found->id, version); });
    if (!r) co_return fail(errc::not_found, "release_not_found", name + " has no release v" + std::to_string(version));
    co_return *r;
}

task<result<job_id>> apps::rollback(identity who, std::string name, int version) {
    auto found = co_await authorize(who, name);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    auto target = co_await find_rollback(p, *found, who, version);
    if (!target) co_return target.error();
    co_return co_await start_rollback_job(p, *found, who.name, *target);
}

task<result<std::vector<instance_view>>> apps::ps(identity who, std::string name) {
    auto found = co_await authorize(who, name);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    auto r = co_await p.db.read([&](SQLite::Database& db) { return store::find_release(db, p.box, found->current); });
    std::vector<instance_view> views;
    for (const auto& i : p.running.of(name)) {
        const auto command = r && r->processes.contains(i.process) ? r->processes.at(i.process) : "";
        views.push_back({.name = i.name,
                         .command = command,
                         .state = std::string(to_string(i.state)),
                         .restarts = restarts_of(p, name + "/" + i.name),
                         .version = i.release,
                         .node = i.node,
                         .since = i.since});
    }
    add_waiting(p, *found, r, views);
    for (const auto& o : p.one_offs.of(name))
        views.push_back({.name = o.name, .command = o.command, .state = "up", .version = o.version, .since = o.since});
    std::sort(views.begin(), views.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    co_return views;
}

task<result<job_id>> apps::restart(identity who, std::string name) {
    auto found = co_await authorize(who, name);
    if (!found) co_return found.error();
    if (!found->current)
        co_return fail(errc::conflict, "app_not_deployed", name + " has not been deployed yet; push it first");
    co_return co_await start_restart_job(platform_.shared(), *found, who.name);
}

task<result<std::vector<build>>> apps::builds(identity who, std::string name) {
    auto found = co_await authorize(who, name);
    if (!found) co_return found.error();
    co_return co_await platform_.shared().db.read(
        [&](SQLite::Database& db) { return store::builds_of(db, found->id, most_listed); });
}

task<result<build>> apps::build_info(identity who, std::string name, std::int64_t id) {
    auto found = co_await authorize(who, name);
    if (!found) co_return found.error();
    auto b = co_await platform_.shared().db.read(
        [&](SQLite::Database& db) { return store::find_build(db, found->id, build_id{id}); });
    if (!b) co_return fail(errc::not_found, "build_not_found", name + " has no build " + std::to_string(id));
    co_return *b;
}

}  // namespace gasper::control
