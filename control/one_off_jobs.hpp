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

/// Runs it to its end inside a job. Refuses with its exit status unless that is 0.
task<result<>> run_one_off(parts& p, app_id id, std::shared_ptr<registered_run> held, job_context& job);

/// 1 … 4096 bytes without NUL.
result<> check_command(const std::string& command);

}  // namespace gasper::control
