#include "control/services/watching.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "control/audit.hpp"
#include "control/clones/clone_jobs.hpp"
#include "control/services/attaching.hpp"
#include "control/services/filling.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "control/services/ways.hpp"
#include "control/supervision.hpp"
#include "control/upgrades/upgrade_jobs.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using runtime::observed_service;
using std::chrono::seconds;

constexpr auto calm_time = std::chrono::minutes(10);  // between two ends: they are not in a row

task<std::optional<service>> load(parts& p, std::string name) {
    co_return co_await p.db.read([&](SQLite::Database& db) { return store::find_service(db, name); });
}

bool lacks(const parts& p, const std::optional<service>& s) {
    const auto& board = p.service_servers;
    return s && s->made && !s->stopped && !board.find(s->name) && !board.held.contains(s->name);
}

// Until it runs, or is not wanted any more. The first try comes at once.
task<> bring_back(parts& p, std::string name) {
    for (;;) {
        const auto ends = p.service_servers.restarts[name].in_row;
        co_await sleep_until(
            deadline::after(std::min<std::chrono::milliseconds>(back_off(ends - 1, 0.5), seconds(30))));
        const auto s = co_await load(p, name);
        if (!lacks(p, s)) break;
        line_sink nobody;
        auto up = co_await start_service(p, *s, std::move(nobody), deadline::after(kind_of(*s).start_timeout));
        if (up) {
            p.log.info("a service is back", {{"service", name}});
            co_await close_lost_ways(p, *s);
            break;
        }
        ++p.service_servers.restarts[name].in_row;
        p.log.warn("a service does not start", {{"service", name}, {"reason", up.error().message}});
    }
    p.service_servers.restarts[name].pending = false;
}

void start_again(parts& p, const std::string& name) {
    auto& r = p.service_servers.restarts[name];
    if (r.pending) return;
    r.pending = true;
    p.background.spawn("service " + name, bring_back(p, name));
}

task<> handle_end(parts& p, std::string name, std::string how) {
    const auto s = co_await load(p, name);
    if (!lacks(p, s)) co_return;
    auto& r = p.service_servers.restarts[name];
    const auto at = deadline::clock::now();
    r.in_row = at - r.last > calm_time ? 1 : r.in_row + 1;
    r.last = at;
    p.log.warn("a service ended", {{"service", name}, {"how", how}});
    co_await record(p, "gasper", "service.crashed", service_job_key(name), how);
    start_again(p, name);
}

std::string how_it_ended(const observed_service* now_there) {
    if (!now_there) return "is gone";
    if (now_there->out_of_memory) return "was killed: out of memory";
    return "ended with status " + std::to_string(now_there->exit_code);
}

// Those on the board that do not run any more leave it.
task<> compare(parts& p, std::vector<observed_service> there) {
    auto known = p.service_servers.running;
    for (const auto& [name, server] : known) {
        const observed_service* seen = nullptr;
        for (const auto& t : there)
            if (t.container == server.container) seen = &t;
        const auto* still = p.service_servers.find(name);
        if (!still || still->container != server.container || p.service_servers.held.contains(name)) continue;
        if (seen && seen->state == instance_state::up) continue;
        p.service_servers.running.erase(name);
        co_await handle_end(p, name, how_it_ended(seen));
    }
}

}  // namespace

task<> look_at_services(parts& p) {
    auto there = co_await p.services.list(deadline::after(seconds(30)));
    if (!there) {
        p.log.warn("the engine cannot be asked", {{"reason", there.error().message}});
        co_return;
    }
    co_await compare(p, std::move(*there));
    const auto all = co_await p.db.read([](SQLite::Database& db) { return store::all_services(db); });
    for (const auto& s : all)
        if (lacks(p, s)) start_again(p, s.name);
}

namespace {

// The engine lists a container as running for a moment after it said that it died: look again before believing that.
task<> look_closely(parts& p, std::string name, std::string container) {
    const auto patience = deadline::after(seconds(2));
    for (std::chrono::milliseconds pause(10);; pause *= 2) {
        co_await look_at_services(p);
        const auto* known = p.service_servers.find(name);
        if (!known || known->container != container || patience.expired()) co_return;
        co_await sleep_until(deadline::after(pause));
    }
}

}  // namespace

void service_changed(parts& p, const std::string& container) {
    for (const auto& [name, server] : p.service_servers.running) {
        if (server.container != container && server.sandbox != container) continue;
        p.background.spawn("service " + name, look_closely(p, name, server.container));
        return;
    }
}

namespace {

// What the jobs that go on will do themselves: nobody is in their way.
struct busy_services {
    std::set<std::string> coming, ordered;
};

busy_services busy_with(const std::vector<job>& going_on) {
    busy_services busy;
    for (const auto& j : going_on) {
        if (!j.key.starts_with(service_job_prefix)) continue;
        if (auto made = clone_made_by(j); !made.empty()) busy.coming.insert(std::move(made));
        const auto name = j.key.substr(service_job_prefix.size());
        if (j.kind == "service-create" || fills_anew(j)) busy.coming.insert(name);
        if (order_of(j)) busy.ordered.insert(name);
    }
    return busy;
}

// As the store wants them.
void settle_servers(parts& p, const std::vector<service>& all, const busy_services& busy) {
    for (const auto& s : all) {
        if (lacks(p, s))
            start_again(p, s.name);
        else if (s.made && s.stopped && p.service_servers.find(s.name) && !busy.ordered.contains(s.name))
            p.background.spawn("service " + s.name, finish_stop(p, s));
    }
}

}  // namespace

task<result<>> recover_services(parts& p, std::vector<job> going_on) {
    co_await settle_attachments(p, going_on);
    co_await settle_upgrades(p);
    const auto busy = busy_with(going_on);
    const auto all = co_await p.db.read([](SQLite::Database& db) { return store::all_services(db); });
    std::set<std::string> made, names;
    for (const auto& s : all) {
        if (s.made) made.insert(s.name);
        // Whoever was making it and does not go on, or was destroying it: nobody has anything in it.
        if (s.made || busy.coming.contains(s.name))
            names.insert(s.name);
        else
            (void)co_await erase_service(p, s);
    }
    // No throw-away server stays: whoever goes on makes another.
    std::function<bool(const std::string&)> stays = [&names](const std::string& name) { return names.contains(name); };
    auto swept = co_await p.services.sweep(std::move(stays), deadline::after(seconds(60)));
    if (!swept) p.log.warn("leftovers of services were not swept", {{"reason", swept.error().message}});
    if (made.empty()) co_return result<>();
    auto there = co_await p.services.list(deadline::after(seconds(30)));
    if (!there) co_return there.error();
    for (auto& t : *there)
        if (t.state == instance_state::up && made.contains(t.name)) p.service_servers.running[t.name] = t;
    settle_servers(p, all, busy);
    co_return result<>();
}

}  // namespace gasper::control
