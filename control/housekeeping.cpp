#include "control/housekeeping.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "control/archives/collecting.hpp"
#include "control/backups/taking_place.hpp"
#include "control/services/ways.hpp"
#include "core/base/rounds.hpp"
#include "core/store/apps.hpp"
#include "core/store/jobs.hpp"

namespace gasper::control {

namespace {

namespace fs = std::filesystem;

constexpr int batch = 200;                     // rows of one transaction: others wait for it
constexpr auto young = std::chrono::hours(1);  // an output that may still be written

// Outputs of builds that ended without a release, while this process ran; at its start recovery looks.
task<> collect_outputs(parts& p, std::string app) {
    const auto released = co_await p.db.read([](SQLite::Database& db) { return store::build_directories(db); });
    const auto remove = [&released, home = app_directory(p, app) / "builds"] {
        std::size_t gone = 0;
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(home, ignored)) {
            const auto changed = fs::last_write_time(entry.path(), ignored);
            if (released.contains(entry.path().string()) || fs::file_time_type::clock::now() - changed < young)
                continue;
            fs::remove_all(entry.path(), ignored);
            ++gone;
        }
        return gone;
    };
    const auto gone = co_await p.files.run(remove);
    if (gone > 0) p.log.info("outputs of ended builds were collected", {{"app", app}, {"builds", gone}});
}

// Images of releases whose code is still there: nobody goes back to the others.
task<std::set<std::string>> images_in_use(parts& p) {
    auto code = co_await p.db.read([](SQLite::Database& db) { return store::released_code(db); });
    const auto there = [&code] {
        std::set<std::string> images;
        std::error_code ignored;
        for (auto& c : code)
            if (c.directory.empty() || fs::exists(c.directory, ignored)) images.insert(std::move(c.image));
        return images;
    };
    co_return co_await p.files.run(there);
}

task<> keep_house_once(parts& p) {
    co_await collect_ended_jobs(p);
    co_await collect_strays(p);
    co_await collect_beside(p);
    co_await close_all_lost_ways(p);
    co_await retire_archives(p);
}

}  // namespace

task<std::size_t> collect_ended_jobs(parts& p) {
    const store::retention keep{.before = old_now(p) - p.settings.kept_jobs_time, .most = p.settings.kept_jobs};
    std::size_t gone = 0;
    for (;;) {
        const auto removed =
            co_await p.db.transaction([&](SQLite::Database& db) { return store::collect_jobs(db, keep, batch); });
        p.jobs.forget_logs(removed);
        gone += removed.size();
        if (removed.size() < batch) break;
    }
    if (gone > 0) p.log.info("ended jobs were collected", {{"jobs", gone}});
    co_return gone;
}

task<> collect_strays(parts& p) {
    const auto apps = co_await p.db.read([](SQLite::Database& db) { return store::all_apps(db); });
    std::vector<std::string> names;
    for (const auto& a : apps) {
        names.push_back(a.name);
        if (!p.jobs.busy(a.name)) co_await collect_outputs(p, a.name);
    }
    auto kept = p.running.containers();
    for (auto& id : p.spares.containers())
        kept.push_back(std::move(id));
    auto tidied = co_await p.cluster.tidy(std::move(kept), std::move(names));
    if (!tidied) p.log.warn("strays were not collected", {{"reason", tidied.error().message}});
    auto images = co_await images_in_use(p);
    auto given_up = co_await p.builder.collect_stacks(std::move(images), deadline::after(std::chrono::minutes(2)));
    if (!given_up) p.log.warn("images were not collected", {{"reason", given_up.error().message}});
}

task<> keep_house(parts& p) {
    auto turn = [&p] { return keep_house_once(p); };
    co_await repeat(p.log, "housekeeping", std::chrono::hours(1), std::move(turn));
}

}  // namespace gasper::control
