#include "control/housekeeping.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "core/store/jobs.hpp"

namespace gasper::control {

namespace {

constexpr int batch = 200;  // rows of one transaction: others wait for it

}  // namespace

task<std::size_t> collect_ended_jobs(parts& p) {
    const store::retention keep{.before = now() - p.settings.kept_jobs_time, .most = p.settings.kept_jobs};
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

task<> keep_house(parts& p) {
    for (;;) {
        co_await collect_ended_jobs(p);
        co_await sleep_until(deadline::after(std::chrono::hours(1)));
    }
}

}  // namespace gasper::control
