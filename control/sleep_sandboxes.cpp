#include "control/sleep_sandboxes.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>

#include "core/base/rounds.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

constexpr auto look_for_sleepers = std::chrono::seconds(1);
constexpr auto engine_pause = std::chrono::seconds(15);  // after it could not make one

bool is_stopped(const parts& p, const std::string& app) {
    return p.sleep.stage(app) == store::sleep_stage::stopped;
}

std::vector<std::string> entitled(const parts& p) {
    return p.sleep.stopped_last(static_cast<std::size_t>(p.settings.sleep_sandboxes));
}

// One that is on its way up is about to take its own.
task<> drop_needless(parts& p) {
    const auto those = entitled(p);
    for (const auto& app : p.spares.kept())
        if (std::find(those.begin(), those.end(), app) == those.end() && !p.sleep.rises(app))
            co_await p.spares.drop(app);
}

// False: it was destroyed, and something that was under way has noted its sleep again.
task<bool> is_there(parts& p, std::string app) {
    const auto found = co_await p.db.read([&](SQLite::Database& db) { return store::find_app(db, app); });
    if (!found) p.sleep.forget(app);
    co_return found.has_value();
}

task<> make_lacking(parts& p) {
    for (const auto& app : entitled(p)) {
        const auto kept = p.spares.kept();
        if (std::find(kept.begin(), kept.end(), app) != kept.end()) continue;
        const bool there = co_await is_there(p, app);
        if (!there || !is_stopped(p, app)) continue;
        const bool made = co_await p.spares.keep(app);
        if (!made) co_return co_await sleep_until(deadline::after(engine_pause));
    }
}

task<> agree_on_sandboxes(parts& p) {
    co_await drop_needless(p);
    co_await make_lacking(p);
}

}  // namespace

task<> adopt_sandboxes(parts& p) {
    const auto those = entitled(p);
    if (those.empty()) co_return;
    auto there = co_await p.cluster.idle_sandboxes();
    if (!there) {
        p.log.warn("sandboxes cannot be listed", {{"reason", there.error().message}});
        co_return;
    }
    for (const auto& app : those)
        if (const auto at = there->find(app); at != there->end()) p.spares.adopt(app, at->second);
}

task<> keep_sandboxes(parts& p) {
    auto turn = [&p] { return agree_on_sandboxes(p); };
    co_await repeat(p.log, "sleepers' sandboxes", look_for_sleepers, std::move(turn));
}

}  // namespace gasper::control
