// Ways into a database for people.
#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>

#include "control/platform.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/services.hpp"
#include "control/services/ways.hpp"
#include "core/store/services.hpp"

namespace gasper::control {

namespace {

// "blue" of "blue" and of "blue.db.internal".
std::string service_of_host(const std::string& host) {
    const auto suffix = runtime::service_host_name("");
    return host.ends_with(suffix) ? host.substr(0, host.size() - suffix.size()) : host;
}

}  // namespace

task<result<opened_console>> services::open_console(identity who, console_request wanted) {
    auto s = co_await authorize(who, wanted.service);
    if (!s) co_return s.error();
    const auto& kind = kind_of(*s);
    if (kind.console.empty()) co_return fail(errc::conflict, "no_console", kind.title + " has no console");
    if (!s->made) co_return fail(errc::conflict, "service_not_made", s->name + " is still being made");
    auto& p = platform_.shared();
    if (auto open = check_not_walled(p, s->name); !open) co_return open.error();
    const auto* running = p.service_servers.find(s->name);
    if (!running)
        co_return fail(errc::conflict, "service_not_running", s->name + " does not run; see services:info " + s->name);
    runtime::exec_options how;
    how.command = {"gasper-service", "console"};
    how.terminal = wanted.terminal;
    how.columns = wanted.columns;
    how.rows = wanted.rows;
    if (how.terminal) how.env["TERM"] = wanted.term;
    auto container = running->container;
    auto opened = co_await p.cluster.exec(std::move(container), std::move(how));
    if (!opened) co_return opened.error();
    p.log.info("console", {{"service", s->name}, {"who", who.name}});
    opened_console console(kind.console, std::move(*opened));
    co_return console;
}

// In the book before it is looked at: whoever takes the right away from now on ends it.
task<result<way_in>> services::find_way(identity who, std::string app, std::string host, int port,
                                        std::function<void()> end) {
    auto a = co_await platform_.apps().authorize(who, app);
    if (!a) co_return a.error();
    auto& p = platform_.shared();
    const auto name = service_of_host(host);
    open_tunnel tunnel{.who = who, .app = a->id, .service = name, .end = std::move(end)};
    auto right = p.tunnels.add(std::move(tunnel));
    const auto s = co_await p.db.read([&](SQLite::Database& db) {
        const auto all = store::attachments_of(db, p.box, a->id);
        const auto at = std::find_if(all.begin(), all.end(),
                                     [&](const attachment& t) { return t.active && t.service_name == name; });
        return at == all.end() ? std::nullopt : store::find_service(db, at->service);
    });
    if (!s)
        co_return fail(errc::forbidden, "service_not_attached",
                       "no database '" + name + "' is attached to " + app + "; a tunnel leads to nothing else");
    const auto& kind = kind_of(*s);
    if (port != kind.port)
        co_return fail(errc::invalid, "service_port",
                       name + " answers on port " + std::to_string(kind.port) + ", not " + std::to_string(port));
    if (auto open = check_not_walled(p, name); !open) co_return open.error();
    const auto* running = p.service_servers.find(name);
    if (!running) co_return fail(errc::conflict, "service_not_running", name + " does not run");
    way_in way(running->address, kind.port, std::move(right));
    co_return way;
}

}  // namespace gasper::control
