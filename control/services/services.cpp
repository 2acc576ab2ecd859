#include "control/services/services.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/platform.hpp"
#include "control/services/attaching.hpp"
#include "control/services/figures.hpp"
#include "control/services/filling.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "control/services/verbs.hpp"
#include "control/services/ways.hpp"
#include "core/store/apps.hpp"
#include "core/store/backups.hpp"
#include "core/store/exposures.hpp"
#include "core/store/services.hpp"
#include "core/store/upgrades.hpp"
#include "runtime/certificates/facts.hpp"

namespace gasper::control {

namespace {

constexpr std::size_t most_attachments = 30;  // per app
constexpr std::size_t most_services = 100;    // per owner

error no_such_service(const std::string& name) {
    return fail(errc::not_found, "service_not_found", "there is no service '" + name + "' that you may use");
}

std::string listed(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string all_kind_names() {
    std::vector<std::string> names;
    for (const auto& k : runtime::all_kinds())
        names.push_back(k.name);
    return listed(names);
}

// What was asked for, with the kind's defaults for what was not said.
result<service> chosen(const new_service& wanted, const identity& who) {
    if (auto fits = check_service_name(wanted.name); !fits) return fits.error();
    const auto* kind = runtime::find_kind(wanted.kind);
    if (!kind)
        return fail(errc::invalid, "service_kind",
                    "there is no kind '" + wanted.kind + "'; there are " + all_kind_names());
    const auto version = wanted.version.empty() ? kind->versions.front() : wanted.version;
    if (std::find(kind->versions.begin(), kind->versions.end(), version) == kind->versions.end())
        return fail(errc::invalid, "service_version",
                    kind->title + " has no version '" + version + "' here; there is " + listed(kind->versions));
    const auto plan = wanted.plan.empty() ? kind->plans.front().name : wanted.plan;
    if (!kind->plan(plan)) {
        std::vector<std::string> names;
        for (const auto& p : kind->plans)
            names.push_back(p.name);
        return fail(errc::invalid, "service_plan",
                    kind->title + " has no plan '" + plan + "'; there are " + listed(names));
    }
    service s;
    s.name = wanted.name;
    s.kind = kind->name;
    s.version = version;
    s.plan = plan;
    s.owner = who.id;
    return s;
}

std::string state_of(const parts& p, const service& s) {
    if (!s.made) return "creating";
    if (s.stopped) return "stopped";
    const auto& board = p.service_servers;
    if (board.walled.contains(s.name)) return "upgrading";
    if (board.held.contains(s.name)) return "starting";
    if (board.find(s.name)) return "up";
    const auto restart = board.restarts.find(s.name);
    if (restart != board.restarts.end() && restart->second.pending) return "restarting";
    return "down";
}

// Of one that runs.
std::optional<service_stats> lately(const service_board& board, const std::string& name) {
    const auto at = board.figures.find(name);
    if (!board.find(name) || at == board.figures.end()) return std::nullopt;
    return at->second;
}

}  // namespace

task<result<service>> services::authorize(identity who, std::string name) {
    auto found =
        co_await platform_.shared().db.read([&](SQLite::Database& db) { return store::find_service(db, name); });
    if (!found || !(who.admin || found->owner == who.id)) co_return no_such_service(name);
    co_return std::move(*found);
}

task<result<service>> services::add(identity who, new_service wanted) {
    auto s = chosen(wanted, who);
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    auto id = co_await p.db.transaction([&](SQLite::Database& db) -> result<service_id> {
        if (store::find_service(db, s->name))
            return fail(errc::conflict, "service_exists", "the name '" + s->name + "' is taken; choose another");
        const auto all = store::all_services(db);
        const auto own = std::count_if(all.begin(), all.end(), [&](const service& o) { return o.owner == who.id; });
        if (static_cast<std::size_t>(own) >= most_services)
            return fail(errc::conflict, "too_many_services",
                        "a user has at most " + std::to_string(most_services) + " services");
        return store::add_service(db, *s);
    });
    if (!id) co_return id.error();
    s->id = *id;
    co_return s;
}

task<result<job_id>> services::create(identity who, new_service wanted) {
    auto s = co_await add(who, std::move(wanted));
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    auto begun = co_await start_create(p, *s, who.name);
    if (!begun) co_await p.db.transaction([&](SQLite::Database& db) { store::remove_service(db, s->id); });
    co_return begun;
}

task<result<service_view>> services::view_of(service s) {
    auto& p = platform_.shared();
    const auto& kind = kind_of(s);
    service_view v{.info = s,
                   .title = kind.title,
                   .state = state_of(p, s),
                   .host = runtime::service_host_name(s.name),
                   .port = kind.port};
    if (const auto* plan = kind.plan(s.plan)) {
        v.limit = plan->limit;
        v.disk_limit_bytes = plan->disk_bytes;
    }
    const auto& disks = p.service_servers.disks;
    if (const auto at = disks.find(s.name); at != disks.end()) v.disk_bytes = at->second.used;
    if (const auto* running = p.service_servers.find(s.name)) v.address = running->address;
    v.attachments = co_await p.db.read([&](SQLite::Database& db) {
        const auto backed_up = store::newest_verified(db);
        if (const auto at = backed_up.find(s.id); at != backed_up.end()) v.backed_up = at->second;
        return store::attachments_of(db, p.box, s.id);
    });
    for (auto& a : v.attachments)
        a.password.clear();
    v.kept = co_await p.db.read([&](SQLite::Database& db) { return store::find_upgrade(db, s.id); });
    if (v.kept && v.kept->state != upgrade_state::kept) v.kept.reset();
    v.exposed = co_await p.db.read([&](SQLite::Database& db) { return store::find_exposure(db, p.box, s.id); });
    if (v.exposed) {
        if (const auto valid = runtime::validity_of(v.exposed->certificate)) v.exposed_until = valid->ends;
        v.exposed->password.clear();
        v.exposed->key.clear();
    }
    co_return v;
}

task<result<std::vector<service_view>>> services::list(identity who) {
    auto all = co_await platform_.shared().db.read([](SQLite::Database& db) { return store::all_services(db); });
    std::vector<service_view> views;
    for (auto& s : all) {
        if (!who.admin && s.owner != who.id) continue;
        auto v = co_await view_of(std::move(s));
        if (!v) co_return v.error();
        v->stats = lately(platform_.shared().service_servers, v->info.name);
        views.push_back(std::move(*v));
    }
    co_return views;
}

task<result<service_view>> services::info(identity who, std::string name) {
    auto s = co_await authorize(who, name);
    if (!s) co_return s.error();
    auto v = co_await view_of(*s);
    if (!v) co_return v.error();
    auto archived = co_await archives(platform_).show(who, name);
    if (archived) v->archive = std::move(*archived);
    auto& p = platform_.shared();
    const auto* running = p.service_servers.find(name);
    if (!running) co_return v;
    std::vector<std::string> containers{running->container};
    auto used = co_await p.cluster.measure(std::move(containers));
    if (used && !used->empty()) v->memory_bytes = used->front().memory_bytes;
    const auto container = running->container;
    v->stats = co_await read_stats(p, container);
    co_return v;
}

task<result<job_id>> services::destroy(identity who, std::string name, std::string confirm) {
    auto s = co_await authorize(who, name);
    if (!s) co_return s.error();
    if (confirm != name)
        co_return fail(errc::invalid, "confirm_mismatch",
                       "destroying a database cannot be undone; confirm with its name: " + name);
    auto& p = platform_.shared();
    if (auto own = check_not_filled(p, *s); !own) co_return own.error();
    const auto attached =
        co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, s->id); });
    if (!attached.empty())
        co_return fail(errc::conflict, "service_attached",
                       name + " is attached to " + attached.front().app_name + "; detach it first");
    job description{.kind = "service-destroy", .key = service_job_key(name), .input = "{}", .user = who.name};
    auto run = [&p, id = s->id](job_context& job) { return run_destroy(p, id, job); };
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

task<result<job_id>> services::attach(identity who, new_attachment wanted) {
    auto s = co_await authorize(who, wanted.service);
    if (!s) co_return s.error();
    auto a = co_await platform_.apps().authorize(who, wanted.app);
    if (!a) co_return a.error();
    auto& p = platform_.shared();
    if (auto own = check_not_filled(p, *s); !own) co_return own.error();
    auto variable =
        wanted.alias.empty() ? result<std::string>(kind_of(*s).variable) : attachment_variable(wanted.alias);
    if (!variable) co_return variable.error();
    if (!p.service_servers.find(s->name))
        co_return fail(errc::conflict, "service_not_running", s->name + " does not run; see services:info " + s->name);
    attachment made{.service = s->id,
                    .service_name = s->name,
                    .app = a->id,
                    .app_name = a->name,
                    .variable = *variable,
                    .rights = wanted.rights};
    give_credentials(made);
    auto id = co_await p.db.transaction([&](SQLite::Database& db) -> result<attachment_id> {
        const auto still = store::find_service(db, s->id);
        if (!still || !still->made) return no_such_service(wanted.service);
        const auto others = store::attachments_of(db, p.box, a->id);
        if (others.size() >= most_attachments)
            return fail(errc::conflict, "too_many_attachments",
                        "an app has at most " + std::to_string(most_attachments) + " attachments");
        const auto serving = a->current ? store::find_release(db, p.box, a->current) : std::nullopt;
        const bool taken = std::any_of(others.begin(), others.end(),
                                       [&](const attachment& o) { return o.variable == made.variable; }) ||
                           (serving && serving->config.contains(made.variable));
        if (taken)
            return fail(errc::conflict, "variable_taken",
                        a->name + " has a " + made.variable + " already; choose another name with --as");
        return store::add_attachment(db, p.box, made);
    });
    if (!id) co_return id.error();
    made.id = *id;
    co_return co_await start_attach(p, std::move(made), who.name);
}

// The one that is meant; "" is the only one there is.
task<result<attachment>> services::find_attached(identity who, std::string name, std::string app_name,
                                                 std::string variable) {
    auto s = co_await authorize(who, name);
    if (!s) co_return s.error();
    auto a = co_await platform_.apps().authorize(who, app_name);
    if (!a) co_return a.error();
    auto& p = platform_.shared();
    auto there = co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, a->id); });
    std::erase_if(there, [&](const attachment& t) {
        return t.service != s->id || (!variable.empty() && t.variable != variable) || !t.active;
    });
    if (there.empty())
        co_return fail(errc::not_found, "attachment_not_found",
                       name + " is not attached to " + app_name + (variable.empty() ? "" : " as " + variable));
    if (there.size() > 1)
        co_return fail(errc::invalid, "attachment_ambiguous",
                       name + " is attached to " + app_name + " more than once; say which with --as");
    co_return std::move(there.front());
}

task<result<job_id>> services::detach(identity who, std::string name, std::string app, std::string variable) {
    auto found = co_await find_attached(who, name, app, std::move(variable));
    if (!found) co_return found.error();
    co_return co_await start_detach(platform_.shared(), std::move(*found), who.name);
}

task<result<job_id>> services::rotate(identity who, std::string name, std::string app, std::string variable) {
    auto found = co_await find_attached(who, name, app, std::move(variable));
    if (!found) co_return found.error();
    co_return co_await start_rotate(platform_.shared(), std::move(*found), who.name);
}

task<result<job_id>> services::order(identity who, std::string name, std::string what) {
    auto s = co_await authorize(who, name);
    if (!s) co_return s.error();
    if (auto own = check_not_filled(platform_.shared(), *s); !own) co_return own.error();
    auto meant = server_order::restart;
    for (const auto one : {server_order::start, server_order::stop, server_order::restart})
        if (what == to_string(one)) meant = one;
    co_return co_await start_order(platform_.shared(), std::move(*s), meant, who.name);
}

}  // namespace gasper::control
