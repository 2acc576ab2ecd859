// libgit2 is started once, at its first use, and stays up for the life of the program: shut down in between, it would
// leak what it keeps for each thread. Thread-safe.
#pragma once

namespace gasper {

void use_git_library();

}  // namespace gasper
