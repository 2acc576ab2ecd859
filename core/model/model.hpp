// The words of the design as values: they copy, compare, and do no I/O.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/model/id.hpp"
#include "core/model/process_settings.hpp"

namespace gasper {

using sys_time = std::chrono::sys_time<std::chrono::milliseconds>;
inline sys_time now() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}
std::string to_rfc3339(sys_time at);
/// "2026-07-15T12:00:00Z", with up to nine digits of a second or none, and Z or an offset (RFC 3339). What is finer
/// than a millisecond is cut off.
result<sys_time> parse_rfc3339(const std::string& text);

using config_vars = std::map<std::string, std::string>;

/// Process type → shell command.
using process_types = std::map<std::string, std::string>;

/// What a build made: a release directory on a stack, or an image.
struct artifact {
    std::string directory;  // absolute host path, mounted as /app; empty when the image holds the app
    std::string image;      // the run image (a stack's, or the app's own)
    bool operator==(const artifact&) const = default;
};

enum class build_state { running, succeeded, failed };

struct build {
    build_id id;
    app_id app;
    job_id job;
    std::string commit;  // 40 hex digits
    std::string buildpack;
    build_state state{build_state::running};
    std::string reason;  // of a failure
    artifact result;
    process_types processes;
    sys_time created{}, finished{};
};

/// Process type → how many instances.
using formation = std::map<std::string, int>;

enum class release_state { pending, succeeded, failed };

struct release {
    release_id id;
    app_id app;
    int version{0};  // v1, v2 …
    build_id build;  // none: no code yet
    std::string commit;
    std::string description;  // "Deploy 1a2b3c4", "Set FOO config var", "Rollback to v3"
    std::string user;         // who did it
    config_vars config;
    artifact code;
    process_types processes;
    limits limit;                  // of a process type of which nothing is said
    settings_by_process declared;  // by the commit's app.json
    settings_by_process set;       // by command: over what is declared
    release_state state{release_state::pending};
    std::string reason;  // of a failure
    sys_time created{};
};

/// What holds for a process type of a release; `normal`: what does when nothing is said (its limits are the release's).
process_rules rules_of(const release& r, const std::string& process, process_rules normal = {});

struct app {
    app_id id;
    std::string name;
    user_id owner;
    release_id current;    // the release that serves; none before the first deploy
    std::string language;  // buildpack of the current release
    formation wanted;
    bool stopped{false};  // by ps:stop: nothing runs, whatever is wanted
    sys_time created{};
};

struct user {
    user_id id;
    std::string name;
    bool admin{false};
    sys_time created{};
};

struct ssh_key {
    key_id id;
    user_id owner;
    std::string name;
    std::string fingerprint;  // "SHA256:…" as ssh-keygen -l prints
    std::string line;         // "ssh-ed25519 AAAA…"
    sys_time created{};
};

enum class instance_state { starting, up, crashed, stopping, down };
std::string_view to_string(instance_state s) noexcept;
std::string_view to_string(build_state s) noexcept;
std::string_view to_string(release_state s) noexcept;

/// App names: 2 … 30 of a-z, 0-9 and '-', beginning with a letter, not ending with '-', none of the reserved names
/// ("git", "gasper", "www", "api", …).
result<> check_app_name(const std::string& name);

/// Config names: [A-Za-z_][A-Za-z0-9_]*, at most 128 bytes; PORT and GASPER_* are Gasper's own. Values: at most
/// 64 KiB, no NUL.
result<> check_config_var(const std::string& name, const std::string& value);

/// User names: 1 … 32 of a-z, 0-9, '-', '_', '.', beginning with a letter.
result<> check_user_name(const std::string& name);

}  // namespace gasper
