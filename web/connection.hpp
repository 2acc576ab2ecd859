// One HTTP/1.1 connection: reads requests within limits and deadlines, writes responses and event streams. The only
// code that speaks Beast is its source file.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "core/base/asio.hpp"
#include "web/application.hpp"
#include "web/options.hpp"

namespace gasper::web {

/// What a server shares with its connections.
struct connection_limits {
    const options& settings;
    std::size_t& streams;  // how many event streams are open
    const bool& stopping;  // answer and close
};

class connection {
 public:
    connection(asio::ip::tcp::socket socket, application& app, connection_limits limits);
    ~connection();

    /// Requests and responses, in order, until either side closes. Throws on cancellation only.
    task<> serve();
    /// One response, for a connection that is not let in.
    task<> refuse(response why);

    /// Waits for a request, or only sends events: nothing is lost when it ends now.
    bool idle() const noexcept;
    /// Ends an idle connection; serve() returns soon.
    void close() noexcept;

 private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace gasper::web
