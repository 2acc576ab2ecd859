// What a pushing client sees while it waits: lines as "remote: …" (side band 2), and an empty packet when there was
// nothing to say for a while, so that neither end nor anything between them takes the silence for death. All calls
// come from the stream's executor.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "core/base/asio.hpp"
#include "receiver/client_stream.hpp"

namespace gasper::receiver {

class progress {
 public:
    progress(client_stream& client, bool side_band, std::chrono::seconds keep_alive, asio::any_io_executor executor);

    /// Queues one line; past 4 MiB that the client has not taken, lines are dropped.
    void say(std::string_view line);
    /// No more lines come: run() ends when the queue is written.
    void close();
    /// The only writer of the client while it runs. True when it ended by close().
    task<bool> run();

 private:
    client_stream& client_;
    bool side_band_;
    std::chrono::seconds keep_alive_;
    std::string queue_;
    bool closed_{false};
    asio::steady_timer changed_;
};

}  // namespace gasper::receiver
