// Instances from a release: what each is given, and bringing a set of them up side by side.
#pragma once

#include "control/parts.hpp"

namespace gasper::control {

struct wanted_instance {
    std::string name;     // "web.2"
    std::string process;  // "web"
};

/// The code of the refusal when somebody retired an instance before it was ready.
inline const std::string retired_meanwhile = "instance_retired";

/// Every instance of a formation; process types that the release lacks have none.
std::vector<wanted_instance> all_of(const formation& wanted, const process_types& processes);

/// What holds for a process type of the release on this server.
process_rules rules_for(const parts& p, const release& r, const std::string& process);

/// Waits for the end of one that was retired. Errors: deadline "instance_left".
task<result<>> see_ended(parts& p, runtime::observed_instance retired);

/// Whether an instance of the process type stops before the next one starts: it is exclusive, or the release has a
/// volume, which old and new must not write to at a time.
task<bool> stops_first(parts& p, const release& r, std::string process);

/// The whole environment of an instance. `a.language` is the release's.
config_vars environment(const parts& p, const app& a, const release& r, const std::string& name,
                        const std::string& process);

/// Starts these side by side, a few at a time, and waits until every one is ready. What somebody else could start too
/// the caller has a hold of (start_book), until `started` is discarded if it must be. `started` gets whatever runs,
/// ready or not: on refusal or cancellation it is the caller's to discard. At the first refusal the others are given
/// up. With `say`, a refusal is told there together with the last lines of the instance's log.
task<result<>> start_formation(parts& p, const app& a, const release& r, std::vector<wanted_instance> these,
                               std::vector<runtime::observed_instance>& started, line_sink say);

}  // namespace gasper::control
