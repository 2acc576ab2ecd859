// A service's server: started, waited for, stopped; what it is given. Runs on the control executor; refuses, and leaves
// the store alone.
#pragma once

#include <filesystem>
#include <string>

#include "control/parts.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/service.hpp"
#include "runtime/services/kind.hpp"

namespace gasper::control {

/// data/services/<name>: `data` below it is the server's own, others may stand beside it.
std::filesystem::path service_directory(const parts& p, const std::string& name);

/// Of a service that is in the store. Throws when there is no such kind: it was there when the service was made.
const runtime::service_kind& kind_of(const service& s);

/// Where it finds what, with which limits, in whose networks; the image is made when it is not there. For a throw-away
/// server change name, data and apps.
task<result<runtime::service_spec>> service_spec_of(parts& p, service s, line_sink progress, deadline until);

/// The server runs and answers, or is stopped again and the refusal carries the last line of its log.
task<result<runtime::observed_service>> start_server(parts& p, runtime::service_spec spec, deadline until);

/// The server of a service: started and on the board.
task<result<>> start_service(parts& p, service s, line_sink progress, deadline until);
/// Told to end when it answers, so that its end is a clean one; off the board.
task<result<>> stop_service(parts& p, service s);

}  // namespace gasper::control
