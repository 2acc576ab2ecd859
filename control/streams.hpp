// What doors follow and drive: job logs, app logs, a terminal in a running container.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/identity.hpp"
#include "control/logs/log_view.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/jobs/job_log.hpp"
#include "core/model/job.hpp"
#include "runtime/terminal.hpp"

namespace gasper::control {

class platform;

struct exec_request {
    std::string app;
    std::vector<std::string> command;  // empty: the login shell
    bool terminal{false};
    int columns{80}, rows{24};
    std::string term{"xterm-256color"};
};

class streams {
 public:
    explicit streams(platform& p) : platform_(p) {}

    /// The job, when `who` may see it.
    task<result<job>> job_info(identity who, job_id id);
    /// Hands every line of the job's log to `sink`, from line `from` on, as it comes; returns the finished job.
    /// Cancelling the coroutine ends the view only.
    task<result<job>> follow_job(identity who, job_id id, std::size_t from, line_sink sink);

    /// The app's log: output, access lines and Gasper's events; with follow until cancelled or the app is gone.
    task<result<>> logs(identity who, std::string app, log_query query, log_sink sink);

    /// A command or shell in a running web instance (the first one up).
    task<result<std::unique_ptr<runtime::terminal>>> exec(identity who, exec_request request);

 private:
    platform& platform_;
};

}  // namespace gasper::control
