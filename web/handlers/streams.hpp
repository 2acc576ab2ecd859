// Event streams of job logs: one event a line, numbered, so that a client that lost its connection goes on where it
// was; at the end an event "end" with the job's state.
#pragma once

#include "control/identity.hpp"
#include "web/routes.hpp"

namespace gasper::web {

response stream_of_job(services& s, control::identity who, job_id id, const headers& fields);
response stream_of_events(event_source source);

}  // namespace gasper::web
