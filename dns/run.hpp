// The `dns` role: an authoritative server that follows the tables. run() owns its event loop and returns at SIGTERM
// or SIGINT.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/log.hpp"

namespace gasper::dns {

struct listen_address {
    std::string address;  // numeric IPv4 or IPv6, without brackets
    std::uint16_t port{5300};
};

struct options {
    std::vector<listen_address> listen;  // each over UDP and TCP
    std::filesystem::path table_file;    // see table_follower
    std::filesystem::path feed_socket;   // empty: the file is watched
    log_level least{log_level::info};
};

/// The exit status: 0 after a signal, 1 when it could not start (said on standard error).
int run(const options& chosen);

}  // namespace gasper::dns
