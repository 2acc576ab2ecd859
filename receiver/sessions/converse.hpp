// A client at a command in a container: both sides' streams until the command ends.
#pragma once

#include <memory>

#include "receiver/ssh/channel.hpp"
#include "runtime/terminal.hpp"

namespace gasper::receiver {

/// The command's exit status. `terminal` belongs to control's executor, and goes away there.
task<int> converse(channel& client, std::unique_ptr<runtime::terminal> terminal, terminal_size size,
                   asio::any_io_executor control);

}  // namespace gasper::receiver
