// A dump of one server straight into another, none of it kept anywhere. For control's own sources.
#pragma once

#include <cstddef>
#include <string>

#include "control/parts.hpp"
#include "core/base/deadline.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

/// The dump of what runs in the container `from`, restored into the server in `into`. Refuses with the reason of the
/// side that failed first.
task<result<>> pour(parts& p, std::string from, std::string into, deadline until);

/// The same between two servers of the kind of `s`, with what is in them counted before and after: what did not change
/// meanwhile must have come. How many tables, collections or the like came; 0 when the kind does not count.
task<result<std::size_t>> pour_and_count(parts& p, service s, std::string from, std::string into, deadline until);

}  // namespace gasper::control
