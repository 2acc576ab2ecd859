#include "control/services/ways.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <sstream>

#include "control/services/lifecycle.hpp"
#include "control/services/verbs.hpp"
#include "core/base/crypto.hpp"
#include "core/store/exposures.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

constexpr auto way_look_again = std::chrono::milliseconds(100);

error not_running(const std::string& name) {
    return fail(errc::conflict, "service_not_running", name + " does not run; see services:info " + name);
}

error being_upgraded(const std::string& name) {
    return fail(errc::conflict, "service_upgrading", name + " is being upgraded; try again when that is done");
}

// Reads to the end; what it said on standard error.
task<result<std::string>> outcome_of(runtime::terminal& t) {
    std::string complaint;
    for (;;) {
        auto piece = co_await t.read();
        if (!piece) co_return piece.error();
        if (piece->data.empty()) break;
        if (piece->error && complaint.size() < 4096) complaint += piece->data;
    }
    auto status = co_await t.exit_status();
    if (!status) co_return status.error();
    if (*status == 0) co_return std::string();
    co_return complaint.empty() ? "status " + std::to_string(*status) : complaint;
}

task<result<>> log_in(parts& p, service s, attachment a, deadline until) {
    const auto& kind = kind_of(s);
    line_sink nobody;
    auto image = co_await p.stacks.service_image(kind.recipe(s.version), std::move(nobody), until);
    if (!image) co_return image.error();
    runtime::once_spec spec{.app = a.app_name,
                            .purpose = "login",
                            .image = *image,
                            .command = "exec gasper-service login " + std::string(to_string(a.rights)),
                            .directory = "/tmp",
                            .env = {{"SERVICE_VERSION", s.version}},
                            .limit = {.memory_bytes = 128ll << 20, .cpus = 1, .processes = 32},
                            .app_network = true};
    runtime::exec_options plain;
    auto opened = co_await p.cluster.open_once(std::move(spec), std::move(plain), until);
    if (!opened) co_return opened.error();
    auto& t = **opened;
    auto told = co_await t.write(url_of(s, a) + "\n");
    if (!told) co_return told;
    (void)co_await t.close_input();
    auto complaint = co_await with_deadline(outcome_of(t), until, "logging in to " + s.name);
    if (!complaint) co_return complaint.error();
    if (complaint->empty()) co_return result<>();
    auto text = *complaint;
    if (const auto at = text.find(a.password); at != text.npos) text.erase(at, a.password.size());
    co_return fail(errc::failed, "service_login",
                   "no login to " + s.name + " from the network of " + a.app_name + ": " + text);
}

// Of a server that does not run: close_lost_ways() does it when it does.
task<> take_away(parts& p, service s, std::string user) {
    const auto* running = p.service_servers.find(s.name);
    if (!running) co_return;
    std::vector<std::string> words{"revoke", std::move(user)};
    auto gone = co_await run_verb(p, running->container, std::move(words), "", deadline::after(seconds(30)));
    if (!gone) p.log.warn("a user is left", {{"service", s.name}, {"reason", gone.error().message}});
}

// After a restart of the machine it is only just coming.
task<const runtime::observed_service*> coming_server(parts& p, std::string name, deadline until) {
    const auto pending = [&] {
        const auto at = p.service_servers.restarts.find(name);
        return at != p.service_servers.restarts.end() && at->second.pending;
    };
    while (!p.service_servers.find(name) && pending() && !until.expired())
        co_await sleep_until(deadline::after(way_look_again));
    co_return p.service_servers.find(name);
}

/// Who may have a way into a service: those of its attachments, those outside, and those that are held.
struct known_ways {
    std::set<std::string> users, apps;
};

task<known_ways> ways_of(parts& p, service_id id) {
    known_ways known;
    for (const auto& held : p.service_servers.held_ways) {
        known.users.insert(held.user);
        known.apps.insert(held.app_name);
    }
    const auto all = co_await p.db.read([&](SQLite::Database& db) { return store::users_of(db, p.box, id); });
    for (const auto& a : all) {
        known.users.insert(a.user);
        known.apps.insert(a.app_name);
    }
    co_return known;
}

task<> leave_network(parts& p, std::string service, std::string app) {
    auto left = co_await p.services.leave(service, std::move(app), deadline::after(seconds(30)));
    if (!left) p.log.warn("a network is left", {{"service", service}, {"reason", left.error().message}});
}

task<> wait_for_retired(parts& p) {
    const auto patience = deadline::after(p.settings.drain + p.settings.stop_grace + seconds(60));
    std::vector<std::string> going;
    for (const auto& id : p.running.containers())
        if (const auto* i = p.running.find(id); i && i->state == instance_state::stopping) going.push_back(id);
    const auto there = [&p](const std::string& id) { return p.running.find(id) != nullptr; };
    while (!patience.expired() && std::any_of(going.begin(), going.end(), there))
        co_await sleep_until(deadline::after(way_look_again));
}

}  // namespace

void give_credentials(attachment& a) {
    a.user = "u_" + random_hex(6);
    a.password = random_hex(16);
}

std::string url_of(const service& s, const attachment& a) {
    const auto& kind = kind_of(s);
    return runtime::service_url(kind, runtime::service_host_name(s.name), kind.port, a.user, a.password);
}

result<> check_not_walled(const parts& p, const std::string& service) {
    if (!p.service_servers.walled.contains(service)) return {};
    return being_upgraded(service);
}

task<result<>> open_way(parts& p, service s, attachment a, deadline until) {
    const auto* running = co_await coming_server(p, s.name, until);
    if (!running) co_return not_running(s.name);
    if (auto open = check_not_walled(p, s.name); !open) co_return open;
    std::vector<std::string> words{"grant", a.user, std::string(to_string(a.rights))};
    auto granted = co_await run_verb(p, running->container, std::move(words), a.password + "\n", until);
    if (!granted) co_return granted.error();
    auto joined = co_await p.services.join(s.name, a.app_name, until);
    if (!joined) co_return joined;
    if (p.service_servers.walled.contains(s.name)) {
        (void)co_await p.services.leave(s.name, a.app_name, deadline::after(seconds(30)));
        co_return being_upgraded(s.name);
    }
    co_return co_await log_in(p, s, a, until);
}

task<> close_way(parts& p, service s, attachment a) {
    co_await take_away(p, s, a.user);
    const auto others =
        co_await p.db.read([&](SQLite::Database& db) { return store::attachments_of(db, p.box, s.id); });
    const auto& held = p.service_servers.held_ways;
    const bool needed =
        std::any_of(others.begin(), others.end(), [&](const attachment& o) { return o.app == a.app; }) ||
        std::any_of(held.begin(), held.end(),
                    [&](const attachment& h) { return h.user != a.user && h.app_name == a.app_name; });
    if (!needed) co_await leave_network(p, s.name, a.app_name);
}

// The instances of before may still be finishing requests: they keep their way in until they are gone.
task<> close_when_drained(parts& p, service s, attachment a, int version, std::shared_ptr<held_way> held) {
    const auto patience = deadline::after(p.settings.drain + p.settings.stop_grace + seconds(60));
    const auto old_one = [version](const runtime::observed_instance& i) { return i.release < version; };
    for (;;) {
        const auto there = p.running.of(a.app_name);
        if (patience.expired() || std::none_of(there.begin(), there.end(), old_one)) break;
        co_await sleep_until(deadline::after(way_look_again));
    }
    held.reset();
    co_await close_way(p, std::move(s), std::move(a));
}

// What is there is asked for first: a way that is opened after that is not on the lists.
task<> close_lost_ways(parts& p, service s) {
    const auto* running = p.service_servers.find(s.name);
    if (!running) co_return;
    const auto container = running->container;
    std::vector<std::string> words{"users"};
    auto listed = co_await run_verb(p, container, std::move(words), "", deadline::after(seconds(30)));
    if (!listed) {
        p.log.warn("users cannot be listed", {{"service", s.name}, {"reason", listed.error().message}});
        co_return;
    }
    auto joined = co_await p.services.joined(s.name, deadline::after(seconds(30)));
    const auto known = co_await ways_of(p, s.id);
    std::istringstream lines(*listed);
    for (std::string user; lines >> user;)
        if (!known.users.contains(user)) co_await take_away(p, s, user);
    if (!joined) co_return;
    for (const auto& app : *joined)
        if (!known.apps.contains(app)) co_await leave_network(p, s.name, app);
}

task<> close_all_lost_ways(parts& p) {
    co_await wait_for_retired(p);
    const auto all = co_await p.db.read([](SQLite::Database& db) { return store::all_services(db); });
    for (const auto& s : all)
        co_await close_lost_ways(p, s);
}

task<> renew_variables(parts& p, app_id id, release_id from, config_vars& vars) {
    co_await p.db.read([&](SQLite::Database& db) {
        for (const auto& variable : store::service_variables_of(db, from))
            vars.erase(variable);
        for (const auto& a : store::attachments_of(db, p.box, id))
            if (const auto s = store::find_service(db, a.service); s && a.active) vars[a.variable] = url_of(*s, a);
    });
}

}  // namespace gasper::control
