// A throw-away server beside a service, with data of its own: where a backup proves itself, and where a restore happens
// before it takes the service's place. For control/backups.
#pragma once

#include <filesystem>
#include <string>

#include "control/parts.hpp"
#include "control/services/verbs.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

struct server_beside {
    std::string name;            // "blue.beside-1a2b3c4d": no service has a name like it
    std::filesystem::path data;  // data/services/blue/beside-1a2b3c4d
    runtime::observed_service server;
};

/// A name and a directory; nothing is there yet.
server_beside plan_beside(const parts& p, const std::string& service);
/// Starts it: empty, of the service's kind, version and plan, in no app's network.
task<result<>> start_beside(parts& p, service s, server_beside& beside, line_sink progress, deadline until);
/// Restores a dump into it. `input` refuses: so does this.
task<result<>> restore_beside(parts& p, const server_beside& beside, verb_input input, deadline until);
/// Ends it in good order, so that its data can be used.
task<result<>> end_beside(parts& p, const service& s, const server_beside& beside);
/// Server and data go. No error when they are not there.
task<> clear_beside(parts& p, const server_beside& beside);

/// What an earlier process left of them; their containers are swept with all others.
task<> sweep_beside(parts& p);

/// Swaps two directories in one step: whoever looks sees one or the other.
result<> exchange_directories(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace gasper::control
