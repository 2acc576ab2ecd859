// Listening sockets from addresses as people write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/handle.hpp"

namespace gasper::router {

struct bound_socket {
    unique_fd fd;
    std::uint16_t port;  // as bound
};

/// "ADDR:PORT" or "[ADDR]:PORT", numeric; several may share the address (SO_REUSEPORT). "[::]" takes IPv4 as well.
/// Refuses with errc::invalid (the text) or errc::unavailable (the address).
result<bound_socket> bind_listener(const std::string& address);

/// Parts of a comma-separated list, without surrounding spaces.
std::vector<std::string> split_addresses(std::string_view list);

}  // namespace gasper::router
