#include "web/handlers/handlers.hpp"
#include "web/routes.hpp"

namespace gasper::web {

namespace {

std::vector<route> job_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/jobs",
         list_jobs,
         "listJobs",
         "Jobs",
         "Long work, of one app or of all of mine",
         {{200, "Jobs", "the newest first"}},
         {newest_first, {"app", kind::text, "of this app only, or with service:NAME of this database", 1, 64}}},
        {method::del,
         "/api/v1/jobs/{job}",
         cancel_job,
         "cancelJob",
         "Jobs",
         "Stop a piece of work; what served before goes on",
         {{202, "Job", "it is being stopped; it ends as aborted"}},
         {},
         {},
         false,
         {409}},
        {method::get,
         "/api/v1/jobs/{job}/steps",
         list_steps,
         "listSteps",
         "Jobs",
         "The steps of a piece of work",
         {{200, "Steps", "in their order"}}},
        {method::get,
         "/api/v1/jobs/{job}",
         show_job,
         "showJob",
         "Jobs",
         "A piece of long work",
         {{200, "Job", "the job"}}},
        {method::get,
         "/api/v1/jobs/{job}/log",
         follow_job,
         "followJob",
         "Jobs",
         "A job's log, live",
         {{200, "", job_events, event_stream}}},
    };
}

std::vector<route> run_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/apps/{app}/runs",
         list_runs,
         "listRuns",
         "One-off processes",
         "One-off processes that run now",
         {{200, "Runs", "attached and detached ones"}}},
        {method::post,
         "/api/v1/apps/{app}/runs",
         begin_run,
         "beginRun",
         "One-off processes",
         "Run a command in a container of its own, as a job; its output is the job's log",
         {{202, "Job", "it is running"}},
         {},
         "NewRun",
         false,
         {409, 413, 429}},
        {method::del,
         "/api/v1/apps/{app}/runs/{run}",
         stop_run,
         "stopRun",
         "One-off processes",
         "End a one-off process",
         {{204, "", "it is being ended"}},
         {},
         {},
         false,
         {409}},
    };
}

std::vector<route> volume_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/volumes",
         list_volumes,
         "listVolumes",
         "Volumes",
         "My volumes, or what one app has mounted",
         {{200, "Volumes", "by name"}},
         {{"app", kind::text, "mounted in this app", 1, 64}}},
        {method::post,
         "/api/v1/volumes",
         create_volume,
         "createVolume",
         "Volumes",
         "Create a volume",
         {{201, "Volume", "created, empty"}},
         {},
         "NewVolume",
         false,
         {409}},
        {method::del,
         "/api/v1/volumes/{volume}",
         destroy_volume,
         "destroyVolume",
         "Volumes",
         "Destroy a volume and all that is in it",
         {{204, "", "destroyed"}},
         {{"confirm", kind::text, "the volume's name again", 1, 64, true}},
         {},
         false,
         {409}},
        {method::post,
         "/api/v1/apps/{app}/mounts",
         mount_volume,
         "mountVolume",
         "Volumes",
         "Mount a volume, as a new release",
         {{202, "Job", "a new release is being started"}},
         {},
         "NewMount",
         false,
         {409}},
        {method::del,
         "/api/v1/apps/{app}/mounts/{volume}",
         unmount_volume,
         "unmountVolume",
         "Volumes",
         "Unmount a volume, as a new release; it is kept",
         {{202, "Job", "a new release is being started"}},
         {},
         {},
         false,
         {409}},
    };
}

std::vector<route> cron_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/apps/{app}/cron",
         list_cron,
         "listCron",
         "Cron",
         "Commands that run by the clock",
         {{200, "CronEntries", "those of app.json and those added"}}},
        {method::post,
         "/api/v1/apps/{app}/cron",
         add_cron,
         "addCron",
         "Cron",
         "Add a cron entry",
         {{201, "CronEntry", "added"}},
         {},
         "NewCronEntry",
         false,
         {409}},
        {method::del,
         "/api/v1/apps/{app}/cron/{cron}",
         remove_cron,
         "removeCron",
         "Cron",
         "Remove a cron entry and its history",
         {{204, "", "removed"}},
         {},
         {},
         false,
         {409}},
        {method::get,
         "/api/v1/apps/{app}/cron/{cron}/runs",
         list_cron_runs,
         "listCronRuns",
         "Cron",
         "What came of an entry's times, the newest 100 first",
         {{200, "CronRuns", "their logs are their jobs'"}}},
        {method::post,
         "/api/v1/apps/{app}/cron/{cron}/runs",
         run_cron,
         "runCron",
         "Cron",
         "Run an entry once more, now",
         {{202, "Job", "it is running"}},
         {},
         {},
         false,
         {409}},
    };
}

}  // namespace

std::vector<route> work_routes() {
    std::vector<route> out;
    for (const auto& more : {job_routes(), run_routes(), volume_routes(), cron_routes()})
        out.insert(out.end(), more.begin(), more.end());
    return out;
}

}  // namespace gasper::web
