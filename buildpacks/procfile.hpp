// The Procfile: "name: command" a line. Values in, values out; any thread.
#pragma once

#include <string_view>

#include "core/base/error.hpp"
#include "core/model/model.hpp"

namespace gasper::buildpacks {

/// Refuses ("procfile_invalid", with the line) what is not `name: command`, a name of other than [A-Za-z0-9_-], a name
/// twice, a name without a command, more than 64 KiB or 50 process types. Empty lines and # comments are passed over.
result<process_types> parse_procfile(std::string_view text);

}  // namespace gasper::buildpacks
