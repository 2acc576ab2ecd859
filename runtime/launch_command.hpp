// A process type's command as the words that a container's shell gets. Values; any thread.
#pragma once

#include <string>
#include <string_view>

namespace gasper::runtime {

/// The shell becomes the program where it can ("exec …"), so that signals reach it: a simple command, also one with
/// assignments before it. What only a shell can do (lists, pipes, loops) stays with the shell.
std::string launch_command(std::string_view command);

}  // namespace gasper::runtime
