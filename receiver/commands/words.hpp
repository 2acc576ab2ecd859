// A command line as a shell would split it: words, single and double quotes, backslashes. Nothing is expanded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace gasper::receiver {

/// At most 1,000 words. Refuses an open quote, a trailing backslash, and NUL.
result<std::vector<std::string>> split_words(std::string_view line);

}  // namespace gasper::receiver
