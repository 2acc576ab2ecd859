#include "control/disk.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include "control/audit.hpp"
#include "control/supervision.hpp"
#include "core/base/rounds.hpp"
#include "core/store/audit.hpp"
#include "core/store/jobs.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

constexpr const char* low_action = "disk.low";
constexpr const char* recovered_action = "disk.recovered";

std::string detail_of(const std::string& node, const disk_space& d) {
    return node + ": " + in_words(d);
}

// What an earlier process said last of each disk.
task<> remember(parts& p) {
    auto machines = co_await p.cluster.nodes();
    if (!machines) co_return;
    const auto said = co_await p.db.read([](SQLite::Database& db) {
        return store::newest_of(db, {low_action, recovered_action}, 200);
    });
    for (const auto& n : *machines)
        for (const auto& d : n.disks) {
            const auto begins = n.name + ": " + d.path + " is ";
            const auto last =
                std::find_if(said.begin(), said.end(), [&](const auto& e) { return e.detail.starts_with(begins); });
            if (last != said.end() && last->action == low_action) p.disk.was_low(n.name, d.path);
        }
}

task<> tell(parts& p, disk_watch::crossing c) {
    const auto detail = detail_of(c.node, c.disk);
    if (c.low)
        p.log.error("a disk is low: builds are refused", {{"disk", detail}});
    else
        p.log.info("a disk has room again", {{"disk", detail}});
    std::string action(c.low ? low_action : recovered_action);
    co_await record(p, "gasper", std::move(action), "", detail);
}

// A build that fills the disk is ended before it has taken all of it.
task<> end_builds(parts& p, std::string why) {
    const auto jobs = co_await p.db.read([](SQLite::Database& db) { return store::unfinished_jobs(db); });
    for (const auto& j : jobs)
        if (j.kind == "deploy" && j.step == "build") (void)co_await p.jobs.cancel(j.id, "gasper: " + why);
}

task<> look(parts& p) {
    auto machines = co_await p.cluster.nodes();
    if (!machines) co_return;
    for (auto& c : p.disk.look(*machines))
        p.untold.push_back(std::move(c));
    if (const auto full = p.disk.overfull(); !full.empty()) co_await end_builds(p, full);
    // A disk that is full to the last byte takes no entry: it is written when there is room again.
    while (!p.untold.empty()) {
        const auto next = p.untold.front();
        co_await tell(p, next);
        p.untold.pop_front();
    }
}

task<> end_now(parts& p, runtime::observed_instance i) {
    (void)co_await p.cluster.end(std::move(i), std::chrono::milliseconds(0));
}

task<> end_instances_over(parts& p) {
    auto limited = p.running.all();
    std::erase_if(limited, [](const auto& i) { return i.disk_bytes == 0 || i.state != instance_state::up; });
    if (limited.empty()) co_return;
    auto over = co_await p.cluster.over_disk(std::move(limited));
    if (!over) co_return;
    for (const auto& i : *over) {
        p.background.spawn("end", end_now(p, i));
        const auto how = fmt::format("was ended: it wrote more than its disk limit of {} MiB", i.disk_bytes >> 20);
        co_await instance_failed(p, i, how);
    }
}

task<> end_those_over(parts& p) {
    co_await end_instances_over(p);
    // Who waits for one hears why, and says so where its output goes.
    auto ended = co_await p.cluster.end_runs_over_disk();
    if (!ended) p.log.warn("runs over their disk limit were not ended", {{"reason", ended.error().message}});
}

}  // namespace

task<> watch_disks(parts& p) {
    co_await remember(p);
    auto turn = [&p] { return look(p); };
    co_await repeat(p.log, "watch disks", seconds(5), std::move(turn));
}

task<result<>> check_room(parts& p) {
    auto machines = co_await p.cluster.nodes();
    // Without an engine the build fails anyway, and says so.
    if (machines) {
        for (auto& c : p.disk.look(*machines))
            p.untold.push_back(std::move(c));
    }
    co_return p.disk.room_for_build();
}

task<> watch_written(parts& p) {
    auto turn = [&p] { return end_those_over(p); };
    co_await repeat(p.log, "watch what instances write", seconds(2), std::move(turn));
}

}  // namespace gasper::control
