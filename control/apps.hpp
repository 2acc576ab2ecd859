// Apps as people see them: create, list, destroy, config vars, releases, instances. What a push, a command and a
// click share. All functions run on the control executor.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/model.hpp"

namespace gasper::control {

class platform;

struct app_view {
    app info;
    std::string state;              // "new" (no release), "up", "deploying", "stopped", "asleep", "crashed", "down"
    int version{0};                 // of the current release, 0 when none
    sys_time released{};            // when it was made
    std::vector<std::string> urls;  // "http://hello.localhost:8080"
    std::string git_url;            // "ssh://git@host:2222/hello.git"
};

struct instance_view {
    std::string name;  // "web.1"
    std::string command;
    std::string state;  // to_string(instance_state), or "restarting": waits to be started again
    int restarts{0};    // ends in a row before this one
    int version{0};     // of its release
    std::string node;
    sys_time since{};
};

class apps {
 public:
    explicit apps(platform& p) : platform_(p) {}

    task<result<app_view>> create(identity who, std::string name);
    task<result<std::vector<app_view>>> list(identity who);
    /// errc::not_found when there is none, and also when it is not the caller's: a name is no secret, its existence is.
    task<result<app_view>> info(identity who, std::string name);
    /// Stops everything, removes containers, network, repository, releases. `confirm` must equal the name.
    /// Its volumes are kept unless `with_volumes`.
    task<result<>> destroy(identity who, std::string name, std::string confirm, bool with_volumes = false);

    task<result<config_vars>> config(identity who, std::string name);
    /// Sets (value) and unsets (nullopt). Makes a release and, when code runs, a rolling restart as a job. Nothing
    /// changed: no release; then the job id is none.
    task<result<job_id>> set_config(identity who, std::string name,
                                    std::map<std::string, std::optional<std::string>> changes);

    task<result<std::vector<release>>> releases(identity who, std::string name);
    task<result<release>> release_info(identity who, std::string name, int version);
    /// `version` 0: the one before the current. Code and config of then, as a new release, by a job.
    task<result<job_id>> rollback(identity who, std::string name, int version);

    task<result<std::vector<instance_view>>> ps(identity who, std::string name);
    task<result<job_id>> restart(identity who, std::string name);

    task<result<std::vector<build>>> builds(identity who, std::string name);
    task<result<build>> build_info(identity who, std::string name, std::int64_t id);

    /// May `who` use this app (owner or admin)? The app when yes, errc::not_found when not.
    task<result<app>> authorize(identity who, std::string name);

 private:
    platform& platform_;
};

}  // namespace gasper::control
