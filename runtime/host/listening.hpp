// Which TCP ports a process listens on, read from the /proc/<pid>/net of its network namespace. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gasper::runtime {

struct listener {
    std::uint16_t port{0};
    bool loopback{false};  // 127.0.0.0/8 or ::1 only
    auto operator<=>(const listener&) const = default;
};

/// The listening sockets in the text of /proc/net/tcp or /proc/net/tcp6. The engine's own resolver (127.0.0.11) is
/// none.
std::vector<listener> parse_listeners(std::string_view proc_net_tcp);

/// Of a process by its host pid; sorted, each once; nothing when it cannot be read.
std::vector<listener> listeners_of(int pid);

}  // namespace gasper::runtime
