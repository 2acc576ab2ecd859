// A service that is made to be filled, by a restore, a recovery or a clone: it is there once the data is in it, and
// when that does not come about, nothing is left of it. For control's own sources.
#pragma once

#include <string>

#include "control/parts.hpp"
#include "core/model/job.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

/// Server, data and row go, unless it is made; what does not work is logged.
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

/// While it lives a job fills the service: until it is made no other may touch it.
class filled_service {
 public:
    filled_service(service_board& board, std::string name) : board_(board), name_(std::move(name)) {
        board_.filled.insert(name_);
    }
    filled_service(const filled_service&) = delete;
    filled_service& operator=(const filled_service&) = delete;
    ~filled_service() { board_.filled.erase(board_.filled.find(name_)); }

 private:
    service_board& board_;
    std::string name_;
};

/// The new service while its job waits and runs.
struct service_to_fill {
    service_to_fill(parts& p, const service& into) : waiting(p, into.id), filled(p.service_servers, into.name) {}
    waiting_service waiting;
    filled_service filled;
};

/// Does this restore or recovery make its service?
bool fills_anew(const job& j);

/// Errors: conflict "service_not_made" while a job fills it.
result<> check_not_filled(const parts& p, const service& s);

}  // namespace gasper::control
