// A service's newer versions: what a command, a request and a click share. All functions run on the control executor.
// Long work is a job of key "service:<name>".
#pragma once

#include <string>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/job.hpp"

namespace gasper::control {

class platform;

class upgrades {
 public:
    explicit upgrades(platform& p) : platform_(p) {}

    /// `version`: another of its kind, newer than its own: by dump and restore, and the data before is kept. Empty: the
    /// newest packages of its own, in place.
    task<result<job_id>> start(identity who, std::string service, std::string version);
    /// What is kept of before goes; from then on there is no way back. errc::not_found when nothing is kept.
    task<result<>> confirm(identity who, std::string service);
    /// What is kept serves again; what was written since the upgrade is lost: `confirm` must equal the name.
    task<result<job_id>> roll_back(identity who, std::string service, std::string confirm);

 private:
    platform& platform_;
};

}  // namespace gasper::control
