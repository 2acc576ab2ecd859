// One channel of an SSH connection, a session's or a tunnel's: the client's streams, the size of its terminal, and its
// end. Lives on the SSH thread; the connection owns it and outlives every coroutine that uses it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <string>

#include "receiver/client_stream.hpp"
#include "receiver/ssh/libssh.hpp"
#include "receiver/ssh/session_request.hpp"

namespace gasper::receiver {

class connection;

class channel final : public client_stream {
 public:
    channel(connection& owner, ssh_channel handle, asio::any_io_executor executor);
    ~channel() override;

    task<std::string> read() override;
    task<> write(std::string data) override { return put(std::move(data), false); }
    task<> write_error(std::string data) override { return put(std::move(data), true); }
    /// Waits until the client's terminal has another size than `known`.
    task<terminal_size> next_size(terminal_size known);
    /// Says the exit status and closes; the client closes its side when it has read everything.
    void finish(int status);
    /// No more output; input goes on.
    void end_output();
    /// Closes without an exit status.
    void hang_up();
    /// Waits until the client closed the channel or is gone.
    task<> remote_close();

    // For the connection:
    session_request& request() { return request_; }
    ssh_channel handle() const { return handle_; }
    void wake() { changed_.cancel(); }
    bool started{false};   // a shell or command was asked for: nothing else can be
    bool finished{false};  // its exit status is on its way
    bool served{false};    // no coroutine uses it any more
    bool tunnel{false};    // no session
    bool remote_closed() const { return remote_closed_; }

 private:
    task<> put(std::string data, bool error);
    task<> changed();
    task<> others();
    [[noreturn]] static void lost();

    connection& connection_;
    ssh_channel handle_;  // libssh's; freed by the destructor, after the client closed it or the session ended
    ssh_channel_callbacks_struct callbacks_{};
    session_request request_;
    bool remote_closed_{false};
    asio::steady_timer changed_;
};

}  // namespace gasper::receiver
