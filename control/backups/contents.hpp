// What a database holds, in numbers, as a kind's verb `contents` says it: a line "NUMBER NAME" per table, collection or
// the like. Values; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper::control {

using contents = std::map<std::string, std::int64_t>;

/// errc::failed for a line that is none.
result<contents> parse_contents(std::string_view text);

/// A backup holds one moment between `before` and `after`: what did not change meanwhile must be in `restored` with the
/// same number, what stayed at all must be there. Refuses with the first thing that is not.
result<> check_restored(const contents& before, const contents& after, const contents& restored);

}  // namespace gasper::control
