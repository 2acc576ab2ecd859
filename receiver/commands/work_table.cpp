#include "receiver/commands/handlers.hpp"

namespace gasper::receiver {

namespace {

constexpr bool app = true, no_app = false;
constexpr std::size_t any = 1000;

}  // namespace

std::vector<command> commands_of_work() {
    return {
        {"run",
         "APP [-d] COMMAND...",
         "run a command in a container of its own; -d: in the background, as a job",
         app,
         1,
         any,
         {{"detached", 'd', false}},
         run_run,
         true},
        {"run:list", "APP", "list the one-off processes that run", app, 0, 0, {}, run_run_list},
        {"run:stop", "APP run.N", "end a one-off process", app, 1, 1, {}, run_run_stop},
        {"cron:list", "APP", "list the cron entries", app, 0, 0, {}, run_cron_list},
        {"cron:add",
         "APP [--timezone ZONE] [--concurrency allow|forbid|replace] 'SCHEDULE' COMMAND...",
         "run a command by the clock, such as '30 2 * * *' or @daily",
         app,
         2,
         any,
         {{"timezone", 0, true}, {"concurrency", 0, true}},
         run_cron_add,
         true},
        {"cron:remove", "APP ID", "remove a cron entry and its history", app, 1, 1, {}, run_cron_remove},
        {"cron:run", "APP ID", "run a cron entry once more, now", app, 1, 1, {}, run_cron_run},
        {"cron:history", "APP ID", "show what came of its times", app, 1, 1, {}, run_cron_history},
        {"builds:cancel", "APP ID", "stop a build and its deploy", app, 1, 1, {}, run_builds_cancel},
        {"jobs", "[APP] [-n NUMBER]", "list the jobs, newest first", no_app, 0, 1, {{"num", 'n', true}}, run_jobs},
        {"jobs:cancel", "ID", "stop a job; what served before goes on", no_app, 1, 1, {}, run_jobs_cancel},
        {"jobs:info", "ID", "show a job", no_app, 1, 1, {}, run_jobs_info},
        {"jobs:log", "ID", "print a job's log, and follow it to its end", no_app, 1, 1, {}, run_jobs_log},
        {"storage:create", "NAME", "create a volume", no_app, 1, 1, {}, run_storage_create},
        {"storage:list", "[APP]", "list your volumes, or what an app has mounted", no_app, 0, 1, {}, run_storage_list},
        {"storage:mount", "NAME APP:/PATH", "mount a volume and restart", no_app, 2, 2, {}, run_storage_mount},
        {"storage:unmount",
         "NAME APP",
         "unmount a volume and restart; it is kept",
         no_app,
         2,
         2,
         {},
         run_storage_unmount},
        {"storage:destroy",
         "NAME --confirm NAME",
         "remove a volume and all that is in it",
         no_app,
         1,
         1,
         {{"confirm", 0, true}},
         run_storage_destroy},
    };
}

}  // namespace gasper::receiver
