// How all data of a service is replaced: a server beside it is filled, whatever with, and takes its place. For
// control's own sources; restoring.cpp has it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/backups/beside.hpp"
#include "control/backups/taking_place.hpp"
#include "control/parts.hpp"
#include "control/services/filling.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

/// Starts the server beside, fills it, gives it the service's users and ends it in good order.
using beside_filler = std::function<task<result<>>(service, server_beside&, job_context&)>;

/// What was there stays until what was filled serves, also when this program is ended meanwhile. One that is made for
/// this is filled in its own place, from the beginning again after such an end, and is there when it serves.
task<result<>> replace_data(parts& p, service_id id, beside_filler fill, std::string whence, job_context& job);
/// The same into a service that was made for it: when it fails, nothing is left of that.
task<result<>> erase_when_empty(parts& p, service_id id, task<result<>> work, job_context& job);
/// From the swap on, that an earlier process did: what was swapped in serves already, or is about to.
task<result<>> finish_replacing(parts& p, service_id id, swap_note note, job_context& job);
/// None, when the service was there before.
std::shared_ptr<service_to_fill> claim_of(parts& p, const service& s, bool anew, job_id job);

}  // namespace gasper::control
