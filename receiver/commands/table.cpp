#include <algorithm>
#include <array>

#include "receiver/commands/backup_commands.hpp"
#include "receiver/commands/handlers.hpp"
#include "receiver/commands/service_commands.hpp"

namespace gasper::receiver {

namespace {

constexpr bool app = true, no_app = false;
constexpr std::size_t any = 1000;

std::vector<command> app_commands() {
    return {
        {"apps:create", "NAME", "create an app", no_app, 1, 1, {}, run_apps_create},
        {"apps:list", "", "list your apps", no_app, 0, 0, {}, run_apps_list},
        {"apps:info", "APP", "show an app: state, addresses, release", app, 0, 0, {}, run_apps_info},
        {"apps:destroy",
         "APP --confirm APP [--with-volumes]",
         "remove an app and everything it has; its volumes are kept unless asked",
         app,
         0,
         0,
         {{"confirm", 0, true}, {"with-volumes", 0, false}},
         run_apps_destroy},
        {"config", "APP", "list the config vars", app, 0, 0, {}, run_config},
        {"config:set", "APP NAME=VALUE...", "set config vars and restart", app, 1, any, {}, run_config_set},
        {"config:get", "APP NAME", "print one config var", app, 1, 1, {}, run_config_get},
        {"config:unset", "APP NAME...", "remove config vars and restart", app, 1, any, {}, run_config_unset},
        {"logs",
         "APP [-t] [-n NUMBER] [--ps web.1] [--source app|router|gasper] [--grep TEXT] [--since 10m] [--until TIME]",
         "print the latest lines of the log, or follow it",
         app,
         0,
         0,
         {{"tail", 't', false},
          {"num", 'n', true},
          {"ps", 'p', true},
          {"source", 's', true},
          {"grep", 'g', true},
          {"since", 0, true},
          {"until", 0, true}},
         run_logs},
    };
}

std::vector<command> process_commands() {
    return {
        {"ps", "APP", "list the running instances", app, 0, 0, {}, run_ps},
        {"ps:restart", "APP", "restart without a pause", app, 0, 0, {}, run_ps_restart},
        {"ps:scale", "APP [PROCESS=QUANTITY …]", "show or change how many instances run", app, 0, 50, {}, run_ps_scale},
        {"ps:stop", "APP", "drain and stop every instance", app, 0, 0, {}, run_ps_stop},
        {"ps:start", "APP", "start a stopped app", app, 0, 0, {}, run_ps_start},
        {"ps:limits",
         "APP [PROCESS] [--memory 512m] [--cpus 0.5] [--processes 256] [--disk 1g] [--reserve-memory 256m] "
         "[--reserve-cpus 0.25] [--nodes disk=ssd|none] [--stop-timeout SECONDS] [--exclusive|--shared] [--reset]",
         "show or change what an instance may use, what is kept for it, where it goes and how it ends",
         app,
         0,
         1,
         {{"memory", 'm', true},
          {"cpus", 'c', true},
          {"processes", 0, true},
          {"disk", 'd', true},
          {"reserve-memory", 0, true},
          {"reserve-cpus", 0, true},
          {"nodes", 0, true},
          {"stop-timeout", 0, true},
          {"exclusive", 0, false},
          {"shared", 0, false},
          {"reset", 0, false}},
         run_ps_limits},
        {"checks", "APP", "show the health checks", app, 0, 0, {}, run_checks},
        {"checks:set",
         "APP PROCESS [--path /health|--command CMD|--port] [--interval S] [--timeout S] [--attempts N] "
         "[--start-deadline S]",
         "change a health check",
         app,
         1,
         1,
         {{"path", 0, true},
          {"command", 0, true},
          {"port", 0, false},
          {"interval", 0, true},
          {"timeout", 0, true},
          {"attempts", 0, true},
          {"start-deadline", 0, true}},
         run_checks_set},
    };
}

std::vector<command> release_commands() {
    return {
        {"releases", "APP", "list the releases, newest first", app, 0, 0, {}, run_releases},
        {"releases:info", "APP [vN]", "show a release", app, 0, 1, {}, run_releases_info},
        {"releases:rollback",
         "APP [vN]",
         "release again what ran before, or in vN",
         app,
         0,
         1,
         {},
         run_releases_rollback},
        {"builds", "APP", "list the builds, newest first", app, 0, 0, {}, run_builds},
        {"builds:info", "APP ID", "show a build", app, 1, 1, {}, run_builds_info},
    };
}

std::vector<command> own_commands() {
    return {
        {"keys", "", "list your SSH keys", no_app, 0, 0, {}, run_keys},
        {"keys:add",
         "[NAME] [KEY]",
         "add an SSH key, from the command or standard input",
         no_app,
         0,
         4,
         {},
         run_keys_add},
        {"keys:remove", "NAME|FINGERPRINT", "remove an SSH key", no_app, 1, 1, {}, run_keys_remove},
        {"whoami", "", "print who you are", no_app, 0, 0, {}, run_whoami},
        {"version", "", "print Gasper's version", no_app, 0, 0, {}, run_version},
        {"help", "[COMMAND]", "list the commands, or explain one", no_app, 0, 1, {}, run_help},
    };
}

const std::vector<command>& table() {
    static const std::vector<command> all = [] {
        std::vector<command> joined;
        for (const auto part : {app_commands, process_commands, scaling_commands, routing_commands, release_commands,
                                platform_commands, commands_of_work, service_commands, clone_commands, upgrade_commands,
                                expose_commands, backup_commands, own_commands})
            for (auto& each : part())
                joined.push_back(std::move(each));
        return joined;
    }();
    return all;
}

// Names that people know from elsewhere.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> aliases{{{"storage", "storage:list"},
                                                                                {"services", "services:list"},
                                                                                {"apps", "apps:list"},
                                                                                {"create", "apps:create"},
                                                                                {"rollback", "releases:rollback"},
                                                                                {"restart", "ps:restart"},
                                                                                {"config:list", "config"},
                                                                                {"keys:list", "keys"}}};

}  // namespace

std::span<const command> command_table() {
    return table();
}

const command* find_command(std::string_view name) {
    for (const auto& [alias, meant] : aliases)
        if (alias == name) name = meant;
    const auto at = std::find_if(table().begin(), table().end(), [&](const command& c) { return c.name == name; });
    return at == table().end() ? nullptr : &*at;
}

}  // namespace gasper::receiver
