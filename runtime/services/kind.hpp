// Kinds of services, as data: the folders of services/kinds, part of the program. Each holds service.yml, a Dockerfile
// per version, and the script `gasper-service` with the verbs that are the same for all kinds (docs/adr/0009). No code
// knows a kind by its name: adding one is adding a folder. Values; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/embedded.hpp"
#include "core/base/error.hpp"
#include "core/model/process_settings.hpp"
#include "runtime/services/tls_start.hpp"

namespace gasper::runtime {

struct service_plan {
    std::string name;
    limits limit;
    std::int64_t disk_bytes{0};                   // what it may grow to before an alarm
    std::map<std::string, std::string> settings;  // "max_connections" → "20"; SETTING_MAX_CONNECTIONS in the container
};

/// How a service is reached through a door (runtime/services/door.hpp): always with TLS.
struct outside_way {
    std::string url;  // as service_kind's, and {certificate}: the name of the file that the client pins
    tls_start_rules begin;
    std::string note;  // what a person should know besides; may be empty
};

struct service_kind {
    std::string name;  // the folder's
    std::string title;
    std::vector<std::string> aliases;
    std::vector<std::string> versions;  // the first is the default
    std::uint16_t port{0};
    std::string variable;  // "DATABASE_URL"
    std::string url;       // with {user}, {password}, {host}, {port}
    std::string stop_signal{"SIGTERM"};
    std::chrono::seconds stop_timeout{30};  // then SIGKILL
    std::chrono::seconds start_timeout{60};
    std::string dump;                 // what a dump is, for a person
    std::string dump_extension;       // "pgdump"
    std::string console;              // what the verb `console` opens, for a person; empty: there is none
    std::vector<std::string> verbs;   // beyond the uniform ones
    bool archives{false};             // its log can be archived (docs/adr/0016): it has the verbs for that
    std::vector<service_plan> plans;  // the first is the default
    std::optional<outside_way> outside;

    bool has(std::string_view verb) const;
    const service_plan* plan(std::string_view plan_name) const;
    /// The stack recipe that its image is made by.
    std::string recipe(const std::string& version) const { return "service-" + name + "-" + version; }
};

/// Errors: invalid, with what is wrong.
result<service_kind> parse_kind(const std::string& name, const std::string& yaml);

/// By name. Throws when an embedded description is wrong.
std::span<const service_kind> all_kinds();
/// By name or alias; nullptr when there is none.
const service_kind* find_kind(std::string_view name);

/// "postgres://u_1a2b:secret@blue.db.internal:5432/app"
std::string service_url(const service_kind& kind, const std::string& host, std::uint16_t port, const std::string& user,
                        const std::string& password);

/// The same through its door: "rediss://u_1a2b:secret@gasper.example.org:7000/0". `certificate` is a file's name.
std::string outside_url(const outside_way& way, const std::string& host, std::uint16_t port, const std::string& user,
                        const std::string& password, const std::string& certificate);

/// The name under which attached apps find a service.
std::string service_host_name(const std::string& service);

/// "<kind>/<file>" for each file.
std::span<const embedded_file> kind_files();
/// "<kind>/<program>" for each program of ours that an image carries; its Dockerfile copies it.
std::span<const embedded_file> kind_programs();
/// The files of a recipe "service-<kind>-<version>", its Dockerfile among them; empty: there is no such kind or
/// version.
std::vector<embedded_file> kind_recipe(std::string_view recipe);

}  // namespace gasper::runtime
