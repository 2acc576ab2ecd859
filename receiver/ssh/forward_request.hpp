// A client's wish for a TCP connection through its SSH connection (ssh -L, RFC 4254 section 7.2), and what it gets.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "control/identity.hpp"

namespace gasper::receiver {

struct forward_request {
    std::string user;  // an app's name
    control::identity who;
    std::string host;  // as the client wrote it
    int port{0};
};

/// Connected; of the SSH thread. With it goes its place among the tunnels that there may be.
using forward_socket = std::shared_ptr<asio::ip::tcp::socket>;

}  // namespace gasper::receiver
