#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

constexpr bool app = true, no_app = false;

}  // namespace

std::vector<command> platform_commands() {
    return {
        {"metrics",
         "APP [--hours N]",
         "show what an app uses, and its requests",
         app,
         0,
         0,
         {{"hours", 0, true}},
         run_metrics},
        {"nodes", "", "list the machines, what they have and what is in use", no_app, 0, 0, {}, run_nodes},
        {"nodes:info", "NODE", "show a machine and what runs on it", no_app, 1, 1, {}, run_nodes_info},
        {"nodes:drain",
         "NODE [--force]",
         "move what runs there to other machines, and start nothing there; --force stops what has no other place",
         no_app,
         1,
         1,
         {{"force", 0, false}},
         run_nodes_drain},
        {"nodes:activate", "NODE", "let a drained machine run instances again", no_app, 1, 1, {}, run_nodes_activate},
        {"nodes:label",
         "NODE NAME=VALUE …",
         "give a machine labels that ps:limits --nodes asks for; an empty value removes one",
         no_app,
         2,
         20,
         {},
         run_nodes_label},
        {"events",
         "[APP] [-n NUMBER]",
         "show who changed what, newest first",
         no_app,
         0,
         1,
         {{"num", 'n', true}},
         run_events},
        {"webhooks", "APP", "list who is told of an app's events", app, 0, 0, {}, run_webhooks},
        {"webhooks:add",
         "APP URL [--events LIST]",
         "post an app's events, signed, to an address",
         app,
         1,
         1,
         {{"events", 0, true}},
         run_webhooks_add},
        {"webhooks:remove", "APP ID", "tell an address no more", app, 1, 1, {}, run_webhooks_remove},
        {"notifications", "APP", "list who gets mail of an app's events", app, 0, 0, {}, run_notifications},
        {"notifications:add",
         "APP ADDRESS [--events LIST]",
         "send mail of an app's events to an address",
         app,
         1,
         1,
         {{"events", 0, true}},
         run_notifications_add},
        {"notifications:remove", "APP ID", "send no more mail", app, 1, 1, {}, run_webhooks_remove},
        {"drains:list", "APP", "list where an app's log is sent", app, 0, 0, {}, run_drains_list},
        {"drains:add", "APP URL", "send an app's log to a syslog or web server", app, 1, 1, {}, run_drains_add},
        {"drains:remove", "APP ID", "send it there no more", app, 1, 1, {}, run_drains_remove},
    };
}

}  // namespace gasper::receiver
