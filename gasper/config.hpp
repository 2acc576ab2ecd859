// The configuration of `gasper serve`: one table of settings, from which the file's keys, the GASPER_* environment,
// the flags, --help-config and --check-config all come. A file's value is overridden by the environment, that by a
// flag. The result is a value that nobody changes; each folder gets its own group of it. Called once, before threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/model/model.hpp"
#include "core/model/node.hpp"

namespace gasper {

/// Where a server listens: a numeric address without brackets, and a port.
struct endpoint {
    std::string address;
    std::uint16_t port{0};
    bool operator==(const endpoint&) const = default;
};

/// "127.0.0.1:80", "[::1]:80".
std::string to_string(const endpoint& at);

struct configuration {
    std::filesystem::path data;  // absolute
    std::string domain;          // apps answer at <app>.<domain>
    std::string public_host;     // how users reach this machine: in git and web addresses. Default: the domain
    log_level level{log_level::info};
    std::int64_t disk_full{0};  // percent of a disk, from which on builds are refused

    struct receiver_group {
        endpoint ssh;
    } receiver;

    struct router_group {
        endpoint http, https;
        bool access_log{true};
    } router;

    struct dns_group {
        endpoint listen;
        std::vector<std::string> addresses;  // what app names resolve to, IPv4 and IPv6
    } dns;

    struct web_group {
        endpoint api;
        endpoint metrics;
    } web;

    struct runtime_group {
        std::string engine_socket;  // path of the Docker Engine's Unix socket
        std::string subnet_pool;    // IPv4 CIDR; each app's network is a part of it
    } runtime;

    struct stacks_group {
        std::map<std::string, std::string> images;  // see runtime::stack_options
        std::string suite;
        std::string mirror;
    } stacks;

    struct build_group {
        limits limit;
        std::chrono::milliseconds deadline{0};
    } build;

    struct instances_group {
        limits limit;
        resources reserved;                           // promised to each
        std::chrono::milliseconds start_deadline{0};  // from start to listening
        std::chrono::milliseconds drain{0};           // for the requests it has, after the switch
        std::chrono::milliseconds stop_grace{0};      // from SIGTERM to SIGKILL
    } instances;

    struct sleep_group {
        std::int64_t sandboxes{0};  // that wait for stopped apps
    } sleep;

    struct jobs_group {
        std::int64_t kept_days{0};  // ended jobs, their logs, builds without a release
        std::int64_t kept{0};       // of them, per app
    } jobs;
    struct logs_group {
        std::int64_t size{0};              // bytes of an app's log
        std::chrono::milliseconds age{0};  // of its lines
        std::int64_t rate{0};              // bytes a second that are kept
    } logs;
    struct mail_group {
        std::string url;   // "smtp://user:password@host:587"; empty: no mail
        std::string from;  // an address
    } mail;
};

/// What the process was given. The environment may hold other names: only GASPER_* are looked at.
struct configuration_sources {
    std::vector<std::string> arguments;  // after the role: "--http-port", "80", "--data=/srv/gasper" …
    std::map<std::string, std::string> environment;
    std::filesystem::path directory;  // relative paths, and gasper.yml without --config, are taken from here
    /// Unknown arguments are errors when false; when true they are left in `rest`.
    bool keep_rest{false};

    /// `argv` as main() gets it: the program and its role are not arguments.
    static configuration_sources from_process(int argc, char** argv);
};

struct loaded_configuration {
    configuration value;
    std::vector<std::string> errors;    // "gasper.yml:12: unknown key 'htp_port', did you mean 'http_port'?"
    std::vector<std::string> warnings;  // of the environment: a name that is no setting
    std::vector<std::string> rest;      // arguments that are not ours
    bool help{false};                   // --help-config was given
    bool check{false};                  // --check-config was given
};

/// Reads all sources and reports everything that is wrong, not just the first. `value` may be used when `errors` is
/// empty. Touches the file system only to read the file and to look for the engine's socket.
loaded_configuration load_configuration(const configuration_sources& from);

/// All settings with type, default and meaning, as a commented gasper.yml that changes nothing.
std::string help_configuration();

}  // namespace gasper
