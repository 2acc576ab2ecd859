#include "control/cron.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "control/cron_clock.hpp"
#include "control/platform.hpp"
#include "core/base/cron_expression.hpp"
#include "core/store/audit.hpp"
#include "core/store/cron.hpp"

namespace gasper::control {

namespace {

constexpr std::size_t most_entries = 50;

// Without its command, which a secret may stand in.
std::string entry_for_audit(const cron_entry& e) {
    return "entry " + std::to_string(e.id.value) + ": " + e.line.schedule;
}

}  // namespace

task<cron_view> cron::view_of(cron_entry e) {
    auto& p = platform_.shared();
    cron_view view{.entry = std::move(e)};
    const auto& line = view.entry.line;
    const auto zone = co_await p.files.run([&line] { return load_time_zone(line.zone); });
    const auto schedule = cron_expression::parse(line.schedule);
    const auto at = std::chrono::floor<std::chrono::seconds>(p.cron.clock());
    if (schedule && zone) view.next = schedule->next(at, *zone);
    const auto runs =
        co_await p.db.read([&](SQLite::Database& db) { return store::cron_runs_of(db, view.entry.id, 1); });
    if (!runs.empty()) view.last = runs.front();
    co_return view;
}

task<result<cron_entry>> cron::find(identity who, std::string name, std::int64_t id) {
    auto found = co_await platform_.apps().authorize(who, name);
    if (!found) co_return found.error();
    auto entry = co_await platform_.shared().db.read(
        [&](SQLite::Database& db) { return store::find_cron_entry(db, found->id, cron_id{id}); });
    if (!entry) co_return fail(errc::not_found, "cron_not_found", name + " has no cron entry " + std::to_string(id));
    co_return std::move(*entry);
}

task<result<std::vector<cron_view>>> cron::list(identity who, std::string name) {
    auto found = co_await platform_.apps().authorize(who, name);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    auto entries = co_await p.db.transaction([&](SQLite::Database& db) {
        store::follow_releases(db, p.cron.clock());
        return store::cron_entries_of(db, found->id);
    });
    std::vector<cron_view> views;
    for (auto& e : entries)
        views.push_back(co_await view_of(std::move(e)));
    co_return views;
}

task<result<cron_view>> cron::add(identity who, std::string name, cron_line line) {
    auto found = co_await platform_.apps().authorize(who, name);
    if (!found) co_return found.error();
    if (auto fits = check_cron_line(line); !fits) co_return fits.error();
    auto& p = platform_.shared();
    std::vector<cron_line> lines(1, line);
    auto zones = co_await check_zones(p, std::move(lines));
    if (!zones) co_return zones.error();
    auto made = co_await p.db.transaction([&](SQLite::Database& db) -> result<cron_entry> {
        if (store::cron_entries_of(db, found->id).size() >= most_entries)
            return fail(errc::conflict, "too_many_cron_entries",
                        "an app has at most " + std::to_string(most_entries) + " cron entries");
        const auto id = store::add_cron_entry(db, found->id, line, p.cron.clock());
        auto entry = *store::find_cron_entry(db, found->id, id);
        store::add_audit(db, who.name, "cron.added", found->name, entry_for_audit(entry));
        return entry;
    });
    if (!made) co_return made.error();
    p.cron.wake();
    co_return co_await view_of(std::move(*made));
}

task<result<>> cron::remove(identity who, std::string name, std::int64_t id) {
    auto entry = co_await find(who, name, id);
    if (!entry) co_return entry.error();
    if (entry->from_file)
        co_return fail(errc::conflict, "cron_from_file", "this entry is app.json's: remove it there, and push");
    auto& p = platform_.shared();
    co_await p.db.transaction([&](SQLite::Database& db) {
        store::remove_cron_entry(db, entry->id);
        store::add_audit(db, who.name, "cron.removed", name, entry_for_audit(*entry));
    });
    p.cron.wake();
    co_return result<>();
}

task<result<job_id>> cron::run(identity who, std::string name, std::int64_t id) {
    auto entry = co_await find(who, std::move(name), id);
    if (!entry) co_return entry.error();
    co_return co_await run_cron_entry(platform_.shared(), std::move(*entry), who.name);
}

task<result<std::vector<cron_run>>> cron::history(identity who, std::string name, std::int64_t id) {
    auto entry = co_await find(who, std::move(name), id);
    if (!entry) co_return entry.error();
    co_return co_await platform_.shared().db.read(
        [&](SQLite::Database& db) { return store::cron_runs_of(db, entry->id, 100); });
}

}  // namespace gasper::control
