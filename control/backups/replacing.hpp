// How all data of a service is replaced: a server beside it is filled, whatever with, and takes its place. For
// control's own sources; restoring.cpp has it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/backups/beside.hpp"
#include "control/backups/taking_place.hpp"
#include "control/parts.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

/// Starts the server beside, fills it, gives it the service's users and ends it in good order.
using beside_filler = std::function<task<result<>>(service, server_beside&, job_context&)>;

/// What was there stays until what was filled serves, also when this program is ended meanwhile.
task<result<>> replace_data(parts& p, service_id id, beside_filler fill, std::string whence, job_context& job);
/// The same into a service that was made for it: when it fails, nothing is left of that.
task<result<>> erase_when_empty(parts& p, service_id id, task<result<>> work, job_context& job);
/// From the swap on, that an earlier process did: what was swapped in serves already, or is about to.
task<result<>> finish_replacing(parts& p, service_id id, swap_note note, bool anew, job_context& job);
/// A service that could not be filled.
task<> erase_unfilled(parts& p, service_id id);

/// A service that was made to be filled: it goes when that is cancelled before it began.
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

/// None, when the service was there before.
std::shared_ptr<waiting_service> claim_of(parts& p, service_id id, bool anew, job_id job);

}  // namespace gasper::control
