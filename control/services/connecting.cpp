// Ways into a database for people.
#include "control/platform.hpp"
#include "control/services/lifecycle.hpp"
#include "control/services/services.hpp"

namespace gasper::control {

task<result<opened_console>> services::open_console(identity who, console_request wanted) {
    auto s = co_await authorize(who, wanted.service);
    if (!s) co_return s.error();
    const auto& kind = kind_of(*s);
    if (kind.console.empty()) co_return fail(errc::conflict, "no_console", kind.title + " has no console");
    auto& p = platform_.shared();
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

}  // namespace gasper::control
