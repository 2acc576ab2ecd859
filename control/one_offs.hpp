// One-off processes: a command in a container of its own, of the release that serves, with its config vars, limits and
// network. Attached to a person, and gone with them; or detached, as a job. Never routed to. All functions run on the
// control executor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/identity.hpp"
#include "control/one_off_registry.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "runtime/terminal.hpp"

namespace gasper::control {

class platform;

struct run_request {
    std::string app;
    std::string command;  // for /bin/sh -c
    bool terminal{false};
    int columns{80}, rows{24};
    std::string term{"xterm-256color"};
};

class one_offs {
 public:
    explicit one_offs(platform& p) : platform_(p) {}

    task<result<std::unique_ptr<runtime::terminal>>> attach(identity who, run_request request);
    /// As a job that succeeds when the command exits with 0; its output is the job's log.
    task<result<one_off>> detach(identity who, std::string app, std::string command);
    task<result<std::vector<one_off>>> list(identity who, std::string app);
    /// Ends one: an attached one loses its terminal, a detached one's job is aborted.
    task<result<>> stop(identity who, std::string app, std::string name);

 private:
    platform& platform_;
};

}  // namespace gasper::control
