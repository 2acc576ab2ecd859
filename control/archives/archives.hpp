// Archives of databases' logs, and the moments that they bring back. What a command, a request and a click share. All
// functions run on the control executor. Long work is a job of key "service:<name>".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/archives/coverage.hpp"
#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/archive.hpp"
#include "core/model/job.hpp"

namespace gasper::control {

class platform;

struct archive_view {
    archive info;                           // of the service that has the name, or had it last
    std::vector<coverage> covered;          // of all that had it
    std::optional<sys_time> base, segment;  // the newest proved base, the newest segment's end
    std::int64_t size{0};                   // as stored, bytes
    std::string alarm;                      // what is wrong; empty: nothing
    bool on() const { return info.on && info.service; }
};

struct recovery_request {
    std::string service;
    sys_time at;
    std::string into;     // empty: the service itself; else the name of a new one
    std::string confirm;  // the name of the service whose data is replaced
};

class archives {
 public:
    static constexpr int longest_kept = 365;

    explicit archives(platform& p) : platform_(p) {}

    /// Archives from now on: the job makes a base backup. Said again, it changes what is given and makes another.
    /// `place`: "local", a store's name, or empty for what it is; `keep`: days, 0 for what it is.
    task<result<job_id>> turn_on(identity who, std::string service, std::string place, int keep);
    /// What is in the archive stays until it is too old.
    task<result<>> turn_off(identity who, std::string service);
    /// Also of a service that is gone, for its owner. errc::not_found when nothing was ever archived of it.
    task<result<archive_view>> show(identity who, std::string service);
    /// errc::not_found for a moment that is not covered, with what is.
    task<result<job_id>> recover(identity who, recovery_request wanted);

 private:
    task<result<std::vector<archive>>> visible(identity who, std::string service);
    task<result<archive_base>> base_for(std::vector<archive> all, sys_time at);

    platform& platform_;
};

}  // namespace gasper::control
