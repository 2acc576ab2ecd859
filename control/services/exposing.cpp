#include "control/services/exposing.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <set>

#include "control/audit.hpp"
#include "control/platform.hpp"
#include "control/services/door_alarms.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/service_jobs.hpp"
#include "control/services/services.hpp"
#include "control/services/verbs.hpp"
#include "control/services/ways.hpp"
#include "core/base/rounds.hpp"
#include "core/store/audit.hpp"
#include "core/store/certificate_alarms.hpp"
#include "core/store/exposures.hpp"
#include "core/store/services.hpp"
#include "runtime/certificates/facts.hpp"

namespace gasper::control {

namespace {

using std::chrono::seconds;

constexpr auto door_rounds = seconds(15);
constexpr std::int64_t lowest_port = 1024;

error not_exposed(const std::string& name) {
    return fail(errc::not_found, "service_not_exposed", name + " is not exposed");
}

error port_of_another(std::int64_t port) {
    return fail(errc::conflict, "port_taken", fmt::format("port {} is another's; choose another", port));
}

// Gasper's own ports are refused by name: their owner may be away for a moment.
result<> check_port(const parts& p, std::int64_t port) {
    if (port < lowest_port || port > 65535)
        return fail(errc::invalid, "port", fmt::format("--port takes {} to 65535", lowest_port));
    for (const auto own : {p.settings.http_port, p.settings.https_port, p.settings.ssh_port, p.settings.api_port})
        if (port == own) return port_of_another(port);
    return {};
}

task<result<>> give_outsider(parts& p, exposure e) {
    const auto* running = p.service_servers.find(e.service_name);
    if (!running)
        co_return fail(errc::conflict, "service_not_running",
                       e.service_name + " does not run; see services:info " + e.service_name);
    const auto container = running->container;
    std::vector<std::string> words{"grant", e.user, std::string(to_string(e.rights))};
    auto given = co_await run_verb(p, container, std::move(words), e.password + "\n", deadline::after(seconds(30)));
    if (!given) co_return given.error();
    co_return result<>();
}

// Of a server that does not run: close_lost_ways() does it when it does.
task<> take_outsider(parts& p, exposure e) {
    const auto* running = p.service_servers.find(e.service_name);
    if (!running) co_return;
    const auto container = running->container;
    std::vector<std::string> words{"revoke", e.user};
    auto gone = co_await run_verb(p, container, std::move(words), "", deadline::after(seconds(30)));
    if (!gone) p.log.warn("a user is left", {{"service", e.service_name}, {"reason", gone.error().message}});
}

runtime::service_door::server_address server_of(parts& p, std::string name, std::uint16_t port) {
    return [&p, name = std::move(name), port]() -> std::optional<asio::ip::tcp::endpoint> {
        const auto* running = p.service_servers.find(name);
        if (!running) return std::nullopt;
        boost::system::error_code ec;
        const auto address = asio::ip::make_address(running->address, ec);
        if (ec) return std::nullopt;
        return asio::ip::tcp::endpoint(address, port);
    };
}

result<> open_door(parts& p, const exposure& e, const runtime::service_kind& kind) {
    if (!kind.outside) return fail(errc::invalid, "not_exposable", kind.title + " cannot be exposed");
    if (auto open = check_not_walled(p, e.service_name); !open) return open;
    // What was refused without --anyone is not in the store.
    auto allowed = runtime::allow_list::parse(e.allowed, true);
    if (!allowed) return allowed.error();
    runtime::door_options o;
    o.service = e.service_name;
    o.port = e.port;
    o.allowed = std::move(*allowed);
    o.shown = {e.certificate, e.key};
    o.begin = kind.outside->begin;
    return p.doors.open(std::move(o), server_of(p, e.service_name, kind.port));
}

struct exposed_service {
    exposure e;
    service s;
};

std::vector<exposed_service> all_exposed(SQLite::Database& db, const secret_box& box) {
    std::vector<exposed_service> all;
    for (auto& e : store::all_exposures(db, box)) {
        auto s = store::find_service(db, e.service);
        if (s && s->made) all.push_back({std::move(e), std::move(*s)});
    }
    return all;
}

bool is_as(const runtime::service_door* door, const exposure& e) {
    return door && door->options().port == e.port && door->options().allowed.text() == e.allowed &&
           door->options().shown.certificate == e.certificate;
}

// Whoever exposed or unexposed one meanwhile did what is to be done; the next turn looks anew.
task<> agree_with_store(parts& p) {
    const auto before = p.doors.changes();
    const auto all = co_await p.db.read([&](SQLite::Database& db) { return all_exposed(db, p.box); });
    std::vector<seen_door> seen;
    if (p.doors.changes() != before) co_return;
    std::set<std::string> wanted;
    for (const auto& one : all) {
        if (p.service_servers.walled.contains(one.e.service_name)) continue;
        wanted.insert(one.e.service_name);
        seen.push_back({one.e, {}});
        if (is_as(p.doors.find(one.e.service_name), one.e)) continue;
        seen.back().opened = open_door(p, one.e, kind_of(one.s));
        if (const auto& opened = seen.back().opened; !opened)
            p.log.error("a service is not exposed",
                        {{"service", one.e.service_name}, {"reason", opened.error().message}});
    }
    for (const auto& name : p.doors.names())
        if (!wanted.contains(name)) p.doors.close(name);
    co_await tell_of_certificates(p, std::move(seen));
}

task<result<runtime::door_certificate>> new_certificate(parts& p, std::string name) {
    const std::vector<std::string> hosts{p.settings.public_host, runtime::service_host_name(name)};
    const auto at = p.clock();
    const auto make = [&hosts, at] { return runtime::make_door_certificate(hosts, at); };
    co_return co_await p.files.run(make);
}

std::string told_of(const exposure& e) {
    return fmt::format("port {} for {}, {}", e.port, e.allowed, to_string(e.rights));
}

exposure exposure_of(const service& s, const attachment& outsider, const new_exposure& wanted,
                     runtime::door_certificate shown) {
    exposure e;
    e.service = s.id;
    e.service_name = s.name;
    e.port = static_cast<std::uint16_t>(wanted.port);
    e.user = outsider.user;
    e.password = outsider.password;
    e.rights = wanted.rights.value_or(service_rights::read_write);
    e.certificate = std::move(shown.certificate);
    e.key = std::move(shown.key);
    return e;
}

// Port and networks are those of now, whoever changed them meanwhile.
result<exposure> write_certificate(SQLite::Database& db, const secret_box& box, const exposure& before,
                                   const runtime::door_certificate& made) {
    auto e = store::find_exposure(db, box, before.service);
    if (!e || e->certificate != before.certificate)
        return fail(errc::conflict, "service_changed",
                    before.service_name + " changed meanwhile; see services:info " + before.service_name);
    e->certificate = made.certificate;
    e->key = made.key;
    store::set_certificate(db, box, *e);
    return std::move(*e);
}

result<service> write_change(SQLite::Database& db, const secret_box& box, const exposure& e, const std::string& user) {
    auto s = store::find_service(db, e.service);
    if (!s || !store::find_exposure(db, box, e.service)) return not_exposed(e.service_name);
    const auto other = store::exposed_at(db, e.port);
    if (!other.empty() && other != e.service_name) return port_of_another(e.port);
    store::update_exposure(db, e);
    store::add_audit(db, user, "service.exposed", service_job_key(e.service_name), told_of(e));
    return std::move(*s);
}

task<result<>> open_or_forget(parts& p, const exposure& e, const runtime::service_kind& kind, std::string user) {
    auto opened = open_door(p, e, kind);
    if (opened) co_return opened;
    co_await p.db.transaction([&](SQLite::Database& db) {
        store::remove_exposure(db, e.service);
        store::add_audit(db, user, "service.unexposed", service_job_key(e.service_name), opened.error().message);
    });
    p.doors.close(e.service_name);
    co_return opened;
}

}  // namespace

exposure_view exposures::view_of(exposure e) {
    auto& p = platform_.shared();
    exposure_view v;
    v.host = p.settings.public_host;
    v.fingerprint = runtime::fingerprint_of(e.certificate);
    if (const auto valid = runtime::validity_of(e.certificate)) v.valid_until = valid->ends;
    if (const auto* door = p.doors.find(e.service_name)) {
        v.open = true;
        v.connections = door->seen().open;
    }
    e.password.clear();
    e.key.clear();
    v.info = std::move(e);
    return v;
}

task<result<exposure_view>> exposures::expose(identity who, new_exposure wanted) {
    auto s = co_await services(platform_).authorize(who, wanted.service);
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    if (auto open = check_not_walled(p, s->name); !open) co_return open.error();
    const auto& kind = kind_of(*s);
    if (!kind.outside) co_return fail(errc::invalid, "not_exposable", kind.title + " cannot be exposed");
    if (auto fits = check_port(p, wanted.port); !fits) co_return fits.error();
    if (wanted.allowed.empty())
        co_return fail(errc::invalid, "allow_list", "say for whom: --allow 192.0.2.0/24,2001:db8::/32");
    auto allowed = runtime::allow_list::parse(wanted.allowed, wanted.anyone);
    if (!allowed) co_return allowed.error();
    auto there = co_await p.db.read([&](SQLite::Database& db) { return store::find_exposure(db, p.box, s->id); });
    const bool before = there.has_value();
    const auto networks = allowed->text();
    result<exposure> made = not_exposed(s->name);
    if (before)
        made = co_await change(who, *there, wanted, networks);
    else
        made = co_await make_new(who, *s, wanted, networks);
    if (!made) co_return made.error();
    auto v = view_of(*made);
    v.note = kind.outside->note;
    if (!before)
        v.url = runtime::outside_url(*kind.outside, v.host, made->port, made->user, made->password, s->name + ".crt");
    co_return v;
}

// The row stands before the door opens: what the store does not name is closed.
task<result<exposure>> exposures::make_new(identity who, service s, new_exposure wanted, std::string allowed) {
    auto& p = platform_.shared();
    auto shown = co_await new_certificate(p, s.name);
    if (!shown) co_return shown.error();
    attachment outsider;
    give_credentials(outsider);
    outsider.service = s.id;
    outsider.rights = wanted.rights.value_or(service_rights::read_write);
    const held_way held(p.service_servers, outsider);
    auto e = exposure_of(s, outsider, wanted, std::move(*shown));
    e.allowed = std::move(allowed);
    auto given = co_await give_outsider(p, e);
    if (!given) co_return given.error();
    auto written = co_await p.db.transaction([&](SQLite::Database& db) -> result<> {
        const auto still = store::find_service(db, s.id);
        if (!still || !still->made || store::find_exposure(db, p.box, s.id))
            return fail(errc::conflict, "service_changed", s.name + " changed meanwhile; see services:info " + s.name);
        if (!store::exposed_at(db, e.port).empty()) return port_of_another(e.port);
        store::add_exposure(db, p.box, e);
        store::add_audit(db, who.name, "service.exposed", service_job_key(s.name), told_of(e));
        return {};
    });
    if (written) written = co_await open_or_forget(p, e, kind_of(s), who.name);
    if (written) co_return e;
    co_await take_outsider(p, e);
    co_return written.error();
}

task<result<exposure>> exposures::change(identity who, exposure there, new_exposure wanted, std::string allowed) {
    auto& p = platform_.shared();
    auto e = there;
    e.port = static_cast<std::uint16_t>(wanted.port);
    e.allowed = std::move(allowed);
    if (wanted.rights && *wanted.rights != e.rights)
        co_return fail(errc::conflict, "service_exposed",
                       e.service_name + " is exposed with other rights; services:unexpose it first");
    auto s = co_await p.db.transaction([&](SQLite::Database& db) { return write_change(db, p.box, e, who.name); });
    if (!s) co_return s.error();
    auto opened = open_door(p, e, kind_of(*s));
    if (opened) co_return e;
    (void)co_await p.db.transaction([&](SQLite::Database& db) { return write_change(db, p.box, there, who.name); });
    (void)open_door(p, there, kind_of(*s));
    co_return opened.error();
}

task<result<exposure_view>> exposures::renew(identity who, std::string name) {
    auto s = co_await services(platform_).authorize(who, name);
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    if (auto open = check_not_walled(p, s->name); !open) co_return open.error();
    auto before = co_await p.db.read([&](SQLite::Database& db) { return store::find_exposure(db, p.box, s->id); });
    if (!before) co_return not_exposed(name);
    auto made = co_await new_certificate(p, name);
    if (!made) co_return made.error();
    auto e =
        co_await p.db.transaction([&](SQLite::Database& db) { return write_certificate(db, p.box, *before, *made); });
    if (!e) co_return e.error();
    auto opened = open_door(p, *e, kind_of(*s));
    if (opened) {
        co_await record(p, who.name, "service.certificate_renewed", service_job_key(name),
                        runtime::fingerprint_of(e->certificate));
        co_return view_of(std::move(*e));
    }
    const runtime::door_certificate old{before->certificate, before->key};
    (void)co_await p.db.transaction([&](SQLite::Database& db) { return write_certificate(db, p.box, *e, old); });
    (void)open_door(p, *before, kind_of(*s));
    co_return opened.error();
}

task<result<>> exposures::unexpose(identity who, std::string name) {
    auto s = co_await services(platform_).authorize(who, name);
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    const auto gone = co_await p.db.transaction([&](SQLite::Database& db) {
        auto e = store::find_exposure(db, p.box, s->id);
        if (!e) return e;
        store::remove_exposure(db, s->id);
        store::remove_certificate_alarm(db, service_job_key(name));
        store::add_audit(db, who.name, "service.unexposed", service_job_key(name), told_of(*e));
        return e;
    });
    if (!gone) co_return not_exposed(name);
    p.doors.close(name);
    co_await take_outsider(p, *gone);
    co_return result<>();
}

task<result<exposure_view>> exposures::show(identity who, std::string name) {
    auto s = co_await services(platform_).authorize(who, name);
    if (!s) co_return s.error();
    auto& p = platform_.shared();
    auto e = co_await p.db.read([&](SQLite::Database& db) { return store::find_exposure(db, p.box, s->id); });
    if (!e) co_return not_exposed(name);
    auto v = view_of(std::move(*e));
    const auto& outside = kind_of(*s).outside;
    if (outside) v.note = outside->note;
    co_return v;
}

task<> look_at_doors(parts& p) {
    co_await agree_with_store(p);
    co_await end_lost_tunnels(p);
}

task<> keep_doors(parts& p) {
    auto turn = [&p] { return look_at_doors(p); };
    co_await repeat(p.log, "doors", door_rounds, std::move(turn));
}

}  // namespace gasper::control
