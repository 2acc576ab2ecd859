// The part of the command table about databases.
#pragma once

#include <vector>

#include "receiver/commands/command.hpp"

namespace gasper::receiver {

std::vector<command> service_commands();
/// Copies of them.
std::vector<command> clone_commands();
/// To newer versions, and back.
std::vector<command> upgrade_commands();
/// Of those about the way in from outside.
std::vector<command> expose_commands();

}  // namespace gasper::receiver
