// The verbs of `gasper-service` in a running service's container (docs/adr/0007). Secrets go by standard input only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/parts.hpp"
#include "core/base/deadline.hpp"

namespace gasper::control {

/// What a verb printed, at most 1 MiB. Refused with the last line of its standard error: errc::invalid when it ended
/// with 2 (what it was given is not as it should be), errc::failed otherwise.
task<result<std::string>> run_verb(parts& p, std::string container, std::vector<std::string> words, std::string input,
                                   deadline until);

/// The next piece of a verb's input; empty: its end.
using verb_input = std::function<task<result<std::string>>()>;
/// A piece of its output; a refusal ends the verb.
using verb_output = std::function<task<result<>>(std::string)>;

/// For what does not fit into memory: pieces as they come, none kept. Either may be empty.
task<result<>> stream_verb(parts& p, std::string container, std::vector<std::string> words, verb_input input,
                           verb_output output, deadline until);

}  // namespace gasper::control
