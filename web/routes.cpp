#include "web/routes.hpp"

#include "web/handlers/backups.hpp"
#include "web/handlers/handlers.hpp"
#include "web/handlers/services.hpp"

namespace gasper::web {

namespace {

std::vector<route> account_routes() {
    using namespace handlers;
    return {
        {method::post,
         "/api/v1/auth/login",
         log_in,
         "logIn",
         "Accounts",
         "Log in and get a token",
         {{200, "Token", "logged in"}},
         {},
         "Login",
         true,
         {401, 403, 429}},
        {method::post,
         "/api/v1/auth/session",
         open_session,
         "openSession",
         "Accounts",
         "Log in with a session cookie, for the dashboard",
         {{200, "Session", "logged in; Set-Cookie holds the session"}},
         {},
         "Login",
         true,
         {401, 403, 429}},
        {method::del,
         "/api/v1/auth/session",
         close_session,
         "closeSession",
         "Accounts",
         "Forget the session cookie",
         {{204, "", "forgotten"}},
         {},
         {},
         true,
         {403}},
        {method::get, "/api/v1/user", show_user, "showUser", "Accounts", "Who I am", {{200, "User", "you"}}},
        {method::get, "/api/v1/keys", list_keys, "listKeys", "Accounts", "My SSH keys", {{200, "Keys", "your keys"}}},
        {method::post,
         "/api/v1/keys",
         add_key,
         "addKey",
         "Accounts",
         "Add an SSH key",
         {{201, "Key", "added"}},
         {},
         "NewKey",
         false,
         {409}},
        {method::del,
         "/api/v1/keys/{key}",
         remove_key,
         "removeKey",
         "Accounts",
         "Remove an SSH key",
         {{204, "", "removed"}}},
    };
}

std::vector<route> app_routes() {
    using namespace handlers;
    return {
        {method::get, "/api/v1/apps", list_apps, "listApps", "Apps", "My apps", {{200, "Apps", "your apps"}}},
        {method::post,
         "/api/v1/apps",
         create_app,
         "createApp",
         "Apps",
         "Create an app",
         {{201, "App", "created"}},
         {},
         "NewApp",
         false,
         {409}},
        {method::get, "/api/v1/apps/{app}", show_app, "showApp", "Apps", "One app", {{200, "App", "the app"}}},
        {method::del,
         "/api/v1/apps/{app}",
         destroy_app,
         "destroyApp",
         "Apps",
         "Destroy an app and all it has",
         {{204, "", "destroyed"}},
         {{"confirm", kind::text, "the app's name again", 1, 64, true}},
         {},
         false,
         {409}},
    };
}

std::vector<route> instance_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/apps/{app}/instances",
         list_instances,
         "listInstances",
         "Apps",
         "Running containers",
         {{200, "Instances", "instances of the current release"}}},
        {method::post,
         "/api/v1/apps/{app}/restart",
         restart_app,
         "restartApp",
         "Apps",
         "Restart every instance, one after the other",
         {{202, "Job", "restarting"}},
         {},
         {},
         false,
         {409}},
        {method::get,
         "/api/v1/apps/{app}/formation",
         show_formation,
         "showFormation",
         "Apps",
         "How many of each process type run, and what holds for them",
         {{200, "Formation", "one entry a process type"}}},
        {method::patch,
         "/api/v1/apps/{app}/formation",
         scale_app,
         "scaleApp",
         "Apps",
         "Change how many run",
         {{202, "Job", "scaling"}},
         {},
         "Quantities",
         false,
         {409}},
        {method::post,
         "/api/v1/apps/{app}/stop",
         stop_app,
         "stopApp",
         "Apps",
         "Drain and stop every instance",
         {{202, "Job", "stopping"}},
         {},
         {},
         false,
         {409}},
        {method::post,
         "/api/v1/apps/{app}/start",
         start_app,
         "startApp",
         "Apps",
         "Start a stopped app",
         {{202, "Job", "starting"}},
         {},
         {},
         false,
         {409}},
    };
}

std::vector<route> log_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/apps/{app}/logs",
         follow_logs,
         "followLogs",
         "Apps",
         "Output of the app, its requests, and Gasper's events",
         {{200, "",
           "one event a line, `2026-01-02T03:04:05.678Z app[web.1]: text`, its id the line's number: a client that "
           "comes "
           "back with it as Last-Event-ID gets what it missed; at the end `event: end`",
           event_stream}},
         {{"lines", kind::integer, "how many of the past (default 100)", 0, 10'000},
          {"follow", kind::boolean, "go on with what comes"},
          {"process", kind::text, "`web` or `web.1`; all without", 1, 64},
          {"source", kind::text, "`app`, `router`, `gasper`, `web.1` or a pattern `web.*`; all without", 1, 64},
          {"text", kind::text, "only lines that hold it", 1, 256},
          {"since", kind::text, "`10m`, `2h`, `3d` ago, or RFC 3339", 1, 40},
          {"until", kind::text, "the same", 1, 40},
          {"format", kind::text, "`json`: each event's data is an object; else text", 1, 10}}},
    };
}

std::vector<route> config_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/apps/{app}/config",
         show_config,
         "showConfig",
         "Config vars",
         "Config vars",
         {{200, "Config", "names and values"}}},
        {method::patch,
         "/api/v1/apps/{app}/config",
         change_config,
         "changeConfig",
         "Config vars",
         "Set and unset config vars",
         {{200, "Config", "nothing to do: the config vars as they are"},
          {202, "Job", "a new release is being started"}},
         {},
         "ConfigChanges",
         false,
         {409}},
    };
}

std::vector<route> routing_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/apps/{app}/maintenance",
         show_maintenance,
         "showMaintenance",
         "Apps",
         "Maintenance mode",
         {{200, "Maintenance", "whether it is on"}}},
        {method::put,
         "/api/v1/apps/{app}/maintenance",
         set_maintenance,
         "setMaintenance",
         "Apps",
         "Turn maintenance mode on or off; no release is made, nothing restarts",
         {{200, "Maintenance", "as it is now"}},
         {},
         "MaintenanceChange"},
        {method::get,
         "/api/v1/apps/{app}/autosleep",
         show_autosleep,
         "showAutosleep",
         "Apps",
         "When the app sleeps",
         {{200, "Autosleep", "when it sleeps, and whether it does"}}},
        {method::put,
         "/api/v1/apps/{app}/autosleep",
         set_autosleep,
         "setAutosleep",
         "Apps",
         "Let the app sleep when it has no requests",
         {{200, "Autosleep", "as it is now"}},
         {},
         "AutosleepChange"},
    };
}

std::vector<route> release_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/apps/{app}/releases",
         list_releases,
         "listReleases",
         "Releases",
         "Releases of an app",
         {{200, "Releases", "the newest first"}},
         {newest_first}},
        {method::post,
         "/api/v1/apps/{app}/releases",
         roll_back,
         "rollBack",
         "Releases",
         "Go back to an earlier release, as a new one",
         {{202, "Job", "going back"}},
         {},
         "NewRelease",
         false,
         {409}},
        {method::get,
         "/api/v1/apps/{app}/releases/{version}",
         show_release,
         "showRelease",
         "Releases",
         "One release",
         {{200, "Release", "the release"}}},
    };
}

std::vector<route> build_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/apps/{app}/builds",
         list_builds,
         "listBuilds",
         "Builds",
         "Builds of an app",
         {{200, "Builds", "the newest first"}},
         {newest_first}},
        {method::get,
         "/api/v1/apps/{app}/builds/{build}",
         show_build,
         "showBuild",
         "Builds",
         "One build",
         {{200, "Build", "the build"}}},
        {method::get,
         "/api/v1/apps/{app}/builds/{build}/log",
         follow_build,
         "followBuild",
         "Builds",
         "A build's log, live",
         {{200, "", job_events, event_stream}}},
        {method::del,
         "/api/v1/apps/{app}/builds/{build}",
         cancel_build,
         "cancelBuild",
         "Builds",
         "Stop a build and its deploy",
         {{202, "Job", "it is being stopped"}},
         {},
         {},
         false,
         {409}},
    };
}

std::vector<route> about_routes() {
    using namespace handlers;
    return {
        {method::get,
         "/api/v1/version",
         show_version,
         "showVersion",
         "About",
         "What runs here",
         {{200, "Version", "this server"}}},
        {method::get,
         "/api/openapi.json",
         show_openapi,
         "showOpenapi",
         "About",
         "This description",
         {{200, "", "OpenAPI 3.1"}},
         {},
         {},
         true},
        {method::get,
         "/healthz",
         show_health,
         "showHealth",
         "About",
         "Whether the control plane answers",
         {{200, "Health", "it does"}},
         {},
         {},
         true},
    };
}

}  // namespace

std::span<const route> routes() {
    static const std::vector<route> all = [] {
        auto out = account_routes();
        for (const auto& more : {app_routes(), instance_routes(), log_routes(), config_routes(), routing_routes(),
                                 release_routes(), build_routes(), platform_routes(), scaling_routes(), work_routes(),
                                 service_routes(), backup_routes(), about_routes()})
            out.insert(out.end(), more.begin(), more.end());
        return out;
    }();
    return all;
}

}  // namespace gasper::web
