// What each user of the SSH door gets: `git` pushes and fetches, `gasper` runs commands, `<app>` gets a shell in a
// running container. Runs on the SSH thread; the use cases run on control's executor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/platform.hpp"
#include "core/base/asio.hpp"
#include "core/base/blocking.hpp"
#include "receiver/commands/command.hpp"
#include "receiver/git/push_request.hpp"
#include "receiver/server.hpp"
#include "receiver/ssh/channel.hpp"
#include "receiver/ssh/session_request.hpp"

namespace gasper::receiver {

class sessions {
 public:
    sessions(const server_options& options, control::platform& platform, blocking_pool& files)
        : options_(options), platform_(platform), control_(platform.executor()), files_(files) {}

    /// Serves one session to its end: the exit status.
    task<int> serve(channel& client, session_request request);

 private:
    task<int> git(channel& client, session_request request);
    task<int> push(channel& client, control::identity who, std::string app);
    task<int> fetch(channel& client, session_request request, std::string app);
    task<int> command(channel& client, session_request request);
    /// A one-off process of its own for `run`.
    task<int> run(channel& client, session_request request, command_arguments typed);
    /// What moves a dump of a database to or from the client has streams of its own; none: it is an ordinary command.
    static std::optional<command_arguments> dump_command(const session_request& request,
                                                         const std::vector<std::string>& words);
    task<int> dump(channel& client, session_request request, std::string command, command_arguments typed);
    task<int> import_dump(channel& client, control::identity who, command_arguments typed);
    task<int> export_dump(channel& client, control::identity who, command_arguments typed);
    task<int> shell(channel& client, session_request request);
    task<result<>> deploy(control::identity who, control::push what, line_sink progress);

    const server_options& options_;
    control::platform& platform_;
    asio::any_io_executor control_;
    blocking_pool& files_;
    int pushes_{0}, fetches_{0};
};

/// " !     message", as Heroku's client says it.
std::string complaint(std::string_view message);

}  // namespace gasper::receiver
