// The part of the command table about backups of databases. What streams a dump to the client is a session of its own
// (sessions/dump_session.cpp).
#pragma once

#include <vector>

#include "receiver/commands/command.hpp"

namespace gasper::receiver {

std::vector<command> backup_commands();

/// services:import, services:export and services:backups:download: a dump of any size goes through the client's
/// streams.
bool moves_dump(const std::vector<std::string>& words);

/// A backup's number as it was typed.
result<std::int64_t> backup_number(const std::string& text);

}  // namespace gasper::receiver
