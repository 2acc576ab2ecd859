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
    };
}

}  // namespace gasper::receiver
