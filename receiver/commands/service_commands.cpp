#include "receiver/commands/service_commands.hpp"

#include <fmt/format.h>

#include "control/services/services.hpp"
#include "control/views/views.hpp"
#include "receiver/commands/backup_commands.hpp"
#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

std::string attached_to(const control::service_view& v) {
    std::string text;
    for (const auto& a : v.attachments)
        text += (text.empty() ? "" : ", ") + a.app_name + " as " + a.variable +
                (a.rights == service_rights::read_only ? " (read-only)" : "");
    return text.empty() ? "no app" : text;
}

// "BLUE" and "BLUE_URL" mean the same attachment.
std::string variable_of(const std::string& alias) {
    return alias.empty() || alias.ends_with("_URL") ? alias : alias + "_URL";
}

std::string backed_up(const control::service_view& v) {
    if (!v.backed_up) return "none that is verified";
    return to_rfc3339(*v.backed_up) + ", verified";
}

task<result<>> run_services_create(command_call& call) {
    control::new_service wanted{.kind = call.arguments[0],
                                .name = call.arguments[1],
                                .plan = option(call, "plan"),
                                .version = option(call, "version")};
    auto begun = co_await control::services(call.platform).create(call.who, std::move(wanted));
    co_return co_await finish(call, "Creating service " + call.arguments[1], std::move(begun));
}

task<result<>> run_services_list(command_call& call) {
    auto all = co_await control::services(call.platform).list(call.who);
    if (!all) co_return all.error();
    if (call.json) {
        call.print(json_text(control::as_json(*all)));
        co_return result<>{};
    }
    if (all->empty()) call.print("There are no services.\n");
    std::vector<std::vector<std::string>> rows;
    for (const auto& v : *all)
        rows.push_back({v.info.name, v.info.kind + " " + v.info.version, v.info.plan, v.state, attached_to(v)});
    call.print(columns(rows));
    co_return result<>{};
}

task<result<>> run_services_info(command_call& call) {
    auto v = co_await control::services(call.platform).info(call.who, call.arguments[0]);
    if (!v) co_return v.error();
    if (call.json) {
        call.print(json_text(control::as_json(*v)));
        co_return result<>{};
    }
    const auto mib = [](std::int64_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / 1048576); };
    std::vector<std::vector<std::string>> rows{{"Kind:", v->title + " " + v->info.version},
                                               {"State:", v->state},
                                               {"Plan:", v->info.plan},
                                               {"Memory:", mib(v->memory_bytes) + " of " + mib(v->limit.memory_bytes)},
                                               {"Disk:", mib(v->disk_bytes) + " of " + mib(v->disk_limit_bytes)},
                                               {"Host:", fmt::format("{}:{}", v->host, v->port)},
                                               {"Attached:", attached_to(*v)},
                                               {"Backup:", backed_up(*v)},
                                               {"Created:", to_rfc3339(v->info.created)}};
    if (v->exposed) rows.push_back({"Exposed:", fmt::format("port {} for {}", v->exposed->port, v->exposed->allowed)});
    if (v->exposed_until) rows.push_back({"Certificate:", "valid until " + to_rfc3339(*v->exposed_until)});
    if (v->stats) {
        const auto& s = *v->stats;
        rows.push_back({"Version:", s.version});
        rows.push_back({"Size:", mib(s.size_bytes)});
        rows.push_back({"Connections:", fmt::format("{} of {}", s.connections, s.max_connections)});
        rows.push_back({"Cache hits:", s.hit_ratio ? fmt::format("{:.1f} %", *s.hit_ratio * 100) : std::string("-")});
        rows.push_back({"Slow queries:", std::to_string(s.slow_queries)});
    }
    if (v->kept)
        rows.push_back({"Kept:", fmt::format("{} of version {}, from before the upgrade at {}", mib(v->kept->size),
                                             v->kept->before, to_rfc3339(v->kept->created))});
    call.print("=== " + v->info.name + "\n" + columns(rows));
    if (v->archive) show_covered(call, *v->archive);
    co_return result<>{};
}

task<result<>> run_services_slow(command_call& call) {
    auto all = co_await control::services(call.platform).slow(call.who, call.arguments[0]);
    if (!all) co_return all.error();
    if (call.json) {
        call.print(json_text(control::as_json(*all)));
        co_return result<>{};
    }
    std::vector<std::vector<std::string>> rows{{"LONGEST", "MEAN", "CALLS", "STATEMENT"}};
    for (const auto& one : *all) {
        auto line = one.text;
        for (auto& c : line)
            if (static_cast<unsigned char>(c) < ' ') c = ' ';
        rows.push_back({fmt::format("{:.1f} ms", one.longest_ms), fmt::format("{:.1f} ms", one.mean_ms),
                        std::to_string(one.calls), std::move(line)});
    }
    call.print(all->empty() ? "No statement is known yet.\n" : columns(rows));
    co_return result<>{};
}

task<result<>> run_services_destroy(command_call& call) {
    const auto& name = call.arguments[0];
    if (!call.has("confirm"))
        co_return fail(errc::invalid, "confirm",
                       fmt::format("This removes {0} with all that is in it for good. Say so: services:destroy {0} "
                                   "--confirm {0}",
                                   name));
    auto begun = co_await control::services(call.platform).destroy(call.who, name, call.options["confirm"]);
    co_return co_await finish(call, "Destroying service " + name, std::move(begun));
}

task<result<>> run_services_attach(command_call& call) {
    control::new_attachment wanted{.service = call.arguments[0], .app = call.arguments[1], .alias = option(call, "as")};
    if (call.has("read-only")) wanted.rights = service_rights::read_only;
    const auto what = "Attaching " + wanted.service + " to " + wanted.app;
    auto begun = co_await control::services(call.platform).attach(call.who, std::move(wanted));
    co_return co_await finish(call, what, std::move(begun));
}

task<result<>> run_services_detach(command_call& call) {
    auto begun = co_await control::services(call.platform)
                     .detach(call.who, call.arguments[0], call.arguments[1], variable_of(option(call, "as")));
    co_return co_await finish(call, "Detaching " + call.arguments[0] + " from " + call.arguments[1], std::move(begun));
}

task<result<>> run_services_promote(command_call& call) {
    const auto what = "Promoting " + call.arguments[0] + " in " + call.arguments[1];
    auto begun = co_await control::services(call.platform)
                     .promote(call.who, call.arguments[0], call.arguments[1], variable_of(option(call, "as")));
    co_return co_await finish(call, what, std::move(begun));
}

task<result<>> run_services_order(command_call& call, std::string what, std::string doing) {
    auto begun = co_await control::services(call.platform).order(call.who, call.arguments[0], what);
    co_return co_await finish(call, doing + " service " + call.arguments[0], std::move(begun));
}

task<result<>> run_services_start(command_call& call) {
    return run_services_order(call, "start", "Starting");
}
task<result<>> run_services_stop(command_call& call) {
    return run_services_order(call, "stop", "Stopping");
}
task<result<>> run_services_restart(command_call& call) {
    return run_services_order(call, "restart", "Restarting");
}

task<result<>> run_services_credentials(command_call& call) {
    if (!call.has("rotate"))
        co_return fail(errc::invalid, "rotate",
                       "An app's credentials are in its config vars: config APP. To replace them: "
                       "services:credentials NAME APP --rotate");
    auto begun = co_await control::services(call.platform)
                     .rotate(call.who, call.arguments[0], call.arguments[1], variable_of(option(call, "as")));
    co_return co_await finish(call, "Rotating the credentials of " + call.arguments[1] + " for " + call.arguments[0],
                              std::move(begun));
}

// A session of its own: only what cannot be one comes here.
task<result<>> run_services_connect(command_call&) {
    co_return fail(errc::invalid, "console_json", "a console has no --json: it says what the database says");
}

}  // namespace

std::vector<command> service_commands() {
    return {
        {"services:create",
         "KIND NAME [--plan PLAN] [--version VERSION]",
         "create a database: a server of its own",
         false,
         2,
         2,
         {{"plan", 0, true}, {"version", 0, true}},
         run_services_create},
        {"services:list", "", "list your databases", false, 0, 0, {}, run_services_list},
        {"services:info", "NAME", "show a database", false, 1, 1, {}, run_services_info},
        {"services:slow", "NAME", "show the statements that took longest", false, 1, 1, {}, run_services_slow},
        {"services:destroy",
         "NAME --confirm NAME",
         "remove a database and all that is in it",
         false,
         1,
         1,
         {{"confirm", 0, true}},
         run_services_destroy},
        {"services:attach",
         "NAME APP [--as BLUE] [--read-only]",
         "give an app a user of its own and its URL, as a release",
         false,
         2,
         2,
         {{"as", 0, true}, {"read-only", 0, false}},
         run_services_attach},
        {"services:detach",
         "NAME APP [--as BLUE]",
         "take the URL and the user away, as a release",
         false,
         2,
         2,
         {{"as", 0, true}},
         run_services_detach},
        {"services:promote",
         "NAME APP [--as BLUE]",
         "make it the app's DATABASE_URL (REDIS_URL, MONGODB_URL); what was that gets a name of its own",
         false,
         2,
         2,
         {{"as", 0, true}},
         run_services_promote},
        {"services:credentials",
         "NAME APP --rotate [--as BLUE]",
         "give an app a new user and password; the old ones are valid until the new release serves",
         false,
         2,
         2,
         {{"rotate", 0, false}, {"as", 0, true}},
         run_services_credentials},
        {"services:connect",
         "NAME",
         "open a database's own console, or give it a script on standard input",
         false,
         1,
         1,
         {},
         run_services_connect},
        {"services:start", "NAME", "start a stopped database", false, 1, 1, {}, run_services_start},
        {"services:stop", "NAME", "stop a database; its data stays", false, 1, 1, {}, run_services_stop},
        {"services:restart", "NAME", "stop a database and start it again", false, 1, 1, {}, run_services_restart},
    };
}

}  // namespace gasper::receiver
