// The part of the command table about databases.
#pragma once

#include <vector>

#include "receiver/commands/command.hpp"

namespace gasper::receiver {

std::vector<command> service_commands();

}  // namespace gasper::receiver
