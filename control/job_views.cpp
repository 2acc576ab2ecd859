#include "control/job_views.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <set>

#include "control/parts.hpp"
#include "control/platform.hpp"
#include "control/services/service_jobs.hpp"
#include "control/services/services.hpp"
#include "core/store/apps.hpp"
#include "core/store/jobs.hpp"

namespace gasper::control {

task<result<std::vector<job>>> job_views::list(identity who, std::string name, int most) {
    most = std::clamp(most, 1, 1000);
    if (name.starts_with(service_job_prefix)) {
        auto found = co_await services(platform_).authorize(who, name.substr(service_job_prefix.size()));
        if (!found) co_return found.error();
    } else if (!name.empty()) {
        auto found = co_await platform_.apps().authorize(who, name);
        if (!found) co_return found.error();
    }
    std::set<std::string> usable;
    auto apps = co_await platform_.apps().list(who);
    if (!apps) co_return apps.error();
    for (const auto& a : *apps)
        usable.insert(a.info.name);
    auto databases = co_await services(platform_).list(who);
    if (!databases) co_return databases.error();
    for (const auto& s : *databases)
        usable.insert(service_job_key(s.info.name));
    // Others' jobs stand between one's own: read on until there are enough.
    auto& p = platform_.shared();
    auto jobs = co_await p.db.read(
        [&](SQLite::Database& db) { return store::jobs_of(db, name, who.admin || !name.empty() ? most : 10'000); });
    std::erase_if(
        jobs, [&](const job& j) { return !usable.contains(j.app()) && !(who.admin && j.key.starts_with("node:")); });
    if (jobs.size() > static_cast<std::size_t>(most)) jobs.resize(static_cast<std::size_t>(most));
    co_return jobs;
}

task<result<job_tree>> job_views::info(identity who, job_id id) {
    auto found = co_await platform_.streams().job_info(who, id);
    if (!found) co_return found.error();
    job_tree tree{.info = std::move(*found)};
    co_await platform_.shared().db.read([&](SQLite::Database& db) {
        tree.steps = store::steps_of(db, id);
        tree.children = store::children_of(db, id);
    });
    co_return tree;
}

task<result<job>> job_views::cancel(identity who, job_id id) {
    auto found = co_await platform_.streams().job_info(who, id);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    auto asked = co_await p.jobs.cancel(id, who.name);
    if (!asked) co_return asked.error();
    const auto a = co_await p.db.read([&](SQLite::Database& db) { return store::find_app(db, found->app()); });
    const auto text = "Job " + std::to_string(id.value) + " (" + found->kind + ") cancelled by " + who.name;
    if (a) co_await note(p, a->id, text);
    co_return co_await p.jobs.info(id);
}

task<result<job>> job_views::cancel_build(identity who, std::string app, std::int64_t id) {
    auto b = co_await platform_.apps().build_info(who, app, id);
    if (!b) co_return b.error();
    if (b->state != build_state::running)
        co_return fail(errc::conflict, "build_over", "build " + std::to_string(id) + " has ended already");
    co_return co_await cancel(who, b->job);
}

}  // namespace gasper::control
