#include "control/routings.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/parts.hpp"
#include "control/platform.hpp"
#include "control/sleep.hpp"
#include "core/store/apps.hpp"
#include "core/store/audit.hpp"
#include "core/store/routing.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

constexpr auto longest_idle = seconds(30 * 24 * 3600);

bool is_utf8(const std::string& text) {
    try {
        (void)nlohmann::json(text).dump();
    } catch (const nlohmann::json::exception&) {
        return false;
    }
    return true;
}

std::string_view name_of(store::sleep_stage stage) {
    if (stage == store::sleep_stage::frozen) return "frozen";
    return stage == store::sleep_stage::stopped ? "stopped" : "awake";
}

}  // namespace

task<result<routing_view>> routings::show(identity who, std::string app) {
    auto found = co_await platform_.apps().authorize(who, app);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    auto r = co_await p.db.read([&](SQLite::Database& db) { return store::routing_of(db, found->id); });
    co_return routing_view{.maintenance = r.maintenance,
                           .page = std::move(r.page),
                           .sleep_after = r.sleep_after,
                           .stop_after = r.stop_after,
                           .sleep = std::string(name_of(p.sleep.stage(app)))};
}

task<result<>> routings::maintain(identity who, std::string app, bool on, std::string page) {
    auto found = co_await platform_.apps().authorize(who, app);
    if (!found) co_return found.error();
    if (page.size() > most_page)
        co_return fail(errc::too_large, "page_too_large", "a maintenance page takes at most 64 KiB");
    if (!is_utf8(page)) co_return fail(errc::invalid, "page_invalid", "a maintenance page must be HTML in UTF-8");
    auto& p = platform_.shared();
    auto set = co_await p.db.transaction([&](SQLite::Database& db) -> result<> {
        if (store::page_bytes(db, found->id) + page.size() > most_pages)
            return fail(errc::too_large, "pages_too_large",
                        "the maintenance pages of all apps take at most 8 MiB; use a smaller one");
        store::set_maintenance(db, found->id, on, on ? page : "");
        store::add_audit(db, who.name, "app.maintenance", found->name, on ? "on" : "off");
        return {};
    });
    if (!set) co_return set;
    co_await publish_and_wait(p);
    auto what = fmt::format("Maintenance {} by {}", on ? "on" : "off", who.name);
    co_await note(p, found->id, std::move(what));
    co_return result<>();
}

task<result<>> routings::autosleep(identity who, std::string app, seconds after, seconds stop_after) {
    auto found = co_await platform_.apps().authorize(who, app);
    if (!found) co_return found.error();
    if (after < seconds(0) || after > longest_idle || stop_after < seconds(0) || stop_after > longest_idle)
        co_return fail(errc::invalid, "sleep_invalid", "an app may sleep after 1 second to 30 days, or never");
    auto& p = platform_.shared();
    const auto how = after == seconds(0) ? std::string("off") : fmt::format("after {} s", after.count());
    co_await p.db.transaction([&](SQLite::Database& db) {
        store::set_sleep(db, found->id, after, stop_after);
        store::add_audit(db, who.name, "app.autosleep", found->name, how);
    });
    if (after == seconds(0)) {
        co_await rouse(p, found->id, app);
        p.sleep.of(app).rising = false;
    } else {
        p.sleep.of(app).stop_after = stop_after;
    }
    co_await publish(p);
    co_await note(p, found->id, fmt::format("Autosleep {} by {}", how, who.name));
    co_return result<>();
}

}  // namespace gasper::control
