// What runs a one-off process: for `run`, attached and detached, and for cron.
#pragma once

#include <memory>
#include <string>

#include "control/parts.hpp"

namespace gasper::control {

/// A one-off's place in the registry, as long as anybody works on it.
class registered_run {
 public:
    registered_run(parts& p, one_off what, const std::string& kind) : p_(p), what_(p.one_offs.add(what, kind)) {}
    /// One that an earlier process began.
    registered_run(parts& p, one_off what) : p_(p), what_(std::move(what)) { p_.one_offs.adopt(what_); }
    registered_run(const registered_run&) = delete;
    registered_run& operator=(const registered_run&) = delete;
    ~registered_run() { p_.one_offs.remove(what_.app, what_.name); }
    const one_off& what() const { return what_; }

 private:
    parts& p_;
    one_off what_;
};

/// The app and the release that serves; refuses when there is no code yet.
struct running_code {
    app a;
    release r;
};
task<result<running_code>> load_running_code(parts& p, app_id id);

runtime::once_spec one_off_spec(const parts& p, const running_code& c, const one_off& what);

/// Runs it to its end inside a job, 24 hours after `since` at the latest. Refuses with its exit status unless that is
/// 0. Its container outlives this program: a resumed job finds it again and goes on with its log. It is started once,
/// ever.
task<result<>> run_one_off(parts& p, app_id id, std::shared_ptr<registered_run> held, sys_time since, job_context& job);

/// The name of its container among the cluster's kept_runs().
std::string kept_name(job_id id);

/// Goes on with a job of `run -d`.
task<result<job_runner::work>> resume_run(parts& p, job cut);

/// 1 … 4096 bytes without NUL.
result<> check_command(const std::string& command);

}  // namespace gasper::control
