// How many of each process type run, and what holds for them: scale, stop, start, limits, checks. What the doors call.
// All functions run on the control executor.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/model.hpp"

namespace gasper::control {

class platform;

struct process_view {
    std::string process;   // "web"
    std::string command;   // of the current release; empty before the first
    int quantity{0};       // wanted
    int up{0};             // of the current release
    process_rules rules;   // what holds
    process_settings set;  // what was said by command
};

class formations {
 public:
    explicit formations(platform& p) : platform_(p) {}

    /// With `with_once` also the release command and "run", what one-off processes are, in the last places.
    task<result<std::vector<process_view>>> list(identity who, std::string app, bool with_once = false);

    /// By a job: more are started and become healthy before the change holds, fewer are drained. Makes no release.
    /// A process type that the current release lacks is refused; before the first release any is taken.
    task<result<job_id>> scale(identity who, std::string app, formation quantities);

    /// By a job: everything is drained and stopped, and stays so until start() or the next deploy.
    task<result<job_id>> stop(identity who, std::string app);
    task<result<job_id>> start(identity who, std::string app);

    /// By a job, as a release: these settings, over what app.json says; with `forget` all that was said by command
    /// about the process type goes first.
    task<result<job_id>> set(identity who, std::string app, std::string process, process_settings said, bool forget);

 private:
    platform& platform_;
};

}  // namespace gasper::control
