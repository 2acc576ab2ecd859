// One SSH connection on the SSH thread: key exchange, public-key authentication, session channels. libssh does the
// protocol, never waits, and is asked only here and in channel; Asio says when the socket is ready. Every client is
// hostile until its signature was checked, and bounded after it.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/task_scope.hpp"
#include "receiver/server.hpp"
#include "receiver/ssh/channel.hpp"
#include "receiver/ssh/forward_request.hpp"
#include "receiver/ssh/libssh.hpp"

namespace gasper::receiver {

/// What a connection needs of the rest of the house. All run on the SSH thread.
struct connection_services {
    /// Whose key it is, by fingerprint, for this user name.
    std::function<task<result<control::identity>>(std::string user, std::string fingerprint)> authenticate;
    /// Serves one session to its end: the exit status.
    std::function<task<int>(channel&, session_request)> serve;
    /// Connects where a tunnel leads, or refuses with what the client should know. None: there are no tunnels.
    std::function<task<result<forward_socket>>(forward_request)> dial;
    /// The connection is authenticated: it no longer counts as a stranger.
    std::function<void()> known;
};

class connection {
 public:
    connection(asio::any_io_executor executor, const server_options& options, connection_services services, logger& log,
               std::string peer);
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Serves the socket to its end. Does not throw for anything a client does.
    task<> run(ssh_bind host, asio::ip::tcp::socket socket);
    /// Ends the connection soon; run() returns.
    void close(std::string reason);

    // For channels:
    /// Lets libssh take what came and send what waits, answers messages, wakes the channels.
    void drive();
    bool output_pending() const;
    /// Bytes that were taken from the socket so far.
    std::uint64_t received() const noexcept { return traffic_.in_bytes; }
    bool closed() const noexcept { return closed_; }

 private:
    task<> read_loop();
    task<> write_loop();
    task<> watch();
    task<> end();

    void exchange_keys();
    task<> authenticate_pending();
    task<> answer_authentication(message_ptr message);
    task<> answer_public_key(message_ptr message);
    void refuse(message_ptr message);
    void answer_messages();
    void answer(message_ptr message);
    void open_channel(message_ptr message);
    bool answer_request(ssh_message message, channel& on);
    bool set_terminal(ssh_message message, channel& on);
    void start(channel& on);
    task<> serve(channel& on);
    bool may_forward() const;
    void begin_forward(message_ptr message);
    task<> forward(message_ptr message, forward_request wanted);
    void refuse_forward(message_ptr message, const forward_request& wanted, const std::string& why);
    void reap();

    const server_options& options_;
    connection_services services_;
    logger& log_;
    std::string peer_;
    std::string user_;
    std::optional<control::identity> who_;  // set by a checked signature only
    int tries_{0};
    int opening_{0};  // tunnels that are being connected
    bool keys_exchanged_{false};
    bool authenticating_{false};
    bool driving_{false};
    bool closed_{false};
    std::string reason_;
    session_ptr session_;
    event_ptr event_;
    ssh_counter_struct traffic_{};
    std::vector<std::unique_ptr<channel>> channels_;
    asio::posix::stream_descriptor socket_;
    asio::steady_timer output_wanted_, ended_;
    task_scope tasks_;
};

}  // namespace gasper::receiver
