// A service that was made to be filled, by a restore or a clone: when that does not come about, nothing is left of it.
// For control's own sources.
#pragma once

#include <string>

#include "control/parts.hpp"
#include "core/model/job.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

/// Server, data and row go; what does not work is logged.
task<> erase_unfilled(parts& p, service_id id);

/// The service until its job takes it on: it goes when the job is cancelled before it began.
class waiting_service {
 public:
    waiting_service(parts& p, service_id id) : p_(p), id_(id) {}
    waiting_service(const waiting_service&) = delete;
    waiting_service& operator=(const waiting_service&) = delete;
    ~waiting_service();

    void waits_as(job_id job) { job_ = job; }
    void take() { taken_ = true; }

 private:
    parts& p_;
    service_id id_;
    job_id job_{};  // none: it was refused
    bool taken_{false};
};

/// While it lives a job of another key fills the service: until it is made no job of its own may touch it.
class filled_service {
 public:
    filled_service(service_board& board, std::string name) : board_(board), name_(std::move(name)) {
        board_.filled.insert(name_);
    }
    filled_service(const filled_service&) = delete;
    filled_service& operator=(const filled_service&) = delete;
    ~filled_service() { board_.filled.erase(name_); }

 private:
    service_board& board_;
    std::string name_;
};

/// Errors: conflict "service_not_made" while a job of another key fills it.
result<> check_not_filled(const parts& p, const service& s);

}  // namespace gasper::control
