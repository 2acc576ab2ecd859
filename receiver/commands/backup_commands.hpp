// The part of the command table about backups of databases. What streams a dump to the client is a session of its own
// (sessions/dump_session.cpp).
#pragma once

#include <vector>

#include "receiver/commands/command.hpp"

namespace gasper::control {
struct archive_view;
}

namespace gasper::receiver {

std::vector<command> backup_commands();
/// The part of those about archives (archive_commands.cpp).
std::vector<command> archive_commands();
/// Which moments an archive covers, and what is wrong with it.
void show_covered(command_call& call, const control::archive_view& v);
/// services:restore NAME --at TIME.
task<result<>> run_recovery(command_call& call);

/// services:import, services:export and services:backups:download: a dump of any size goes through the client's
/// streams.
bool moves_dump(const std::vector<std::string>& words);

/// A backup's number as it was typed.
result<std::int64_t> backup_number(const std::string& text);

}  // namespace gasper::receiver
