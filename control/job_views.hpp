// Jobs as people see them: listed, looked into, cancelled. All functions run on the control executor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/job.hpp"

namespace gasper::control {

class platform;

struct job_tree {
    job info;
    std::vector<job_step> steps;
    std::vector<job> children;
};

class job_views {
 public:
    explicit job_views(platform& p) : platform_(p) {}

    /// The newest `most` (1 … 1000) jobs of an app or of a database ("service:blue"), or, without one, of all that
    /// `who` may use.
    task<result<std::vector<job>>> list(identity who, std::string app, int most);
    task<result<job_tree>> info(identity who, job_id id);
    /// Asks the job to stop: it ends as aborted when everything it made is away; what served goes on. errc::conflict
    /// for one that has ended or whose effect is visible.
    task<result<job>> cancel(identity who, job_id id);
    /// The same for the job of a build.
    task<result<job>> cancel_build(identity who, std::string app, std::int64_t build);

 private:
    platform& platform_;
};

}  // namespace gasper::control
