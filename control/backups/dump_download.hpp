// A stored backup as the dump that it holds, for a client to read like the output of a command. For control/backups.
#pragma once

#include <memory>

#include "control/parts.hpp"
#include "core/model/backup.hpp"
#include "runtime/terminal.hpp"

namespace gasper::control {

/// Refuses at once what is no backup of ours. One that turns out damaged on the way ends with exit status 1.
task<result<std::unique_ptr<runtime::terminal>>> open_dump_download(parts& p, backup b);

}  // namespace gasper::control
