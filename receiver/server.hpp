// The SSH door: git pushes and fetches (`git`), commands (`gasper`), shells in running containers (`<app>`). It has one
// thread of its own, on which libssh drives every connection; what control does runs on platform.executor().
//
// How to own it, on control's executor:
//     receiver::server door(options, platform, log);
//     if (auto opened = door.open(); !opened) …           // host keys made, address bound; blocks for up to seconds
//     scope.spawn("ssh", door.run());                     // until the scope is cancelled
//     … scope.cancel(); co_await scope.join();            // run() says goodbye to its clients: at most stop_time
// The server must outlive the running of control's io_context.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"

namespace gasper::control {
class platform;
}

namespace gasper::receiver {

struct server_options {
    std::string listen{":2222"};         // "ADDR:PORT", "[ADDR]:PORT", ":PORT" is every address; port 0: any
    std::filesystem::path host_keys;     // a directory: ssh_host_ed25519_key, ssh_host_rsa_key (0600)
    std::filesystem::path repositories;  // swept at start of what interrupted pushes left; may be empty
    int max_connections{128};
    int max_unauthenticated_per_address{16};  // IPv6: per /64
    int max_sessions{10};                     // at once in one connection
    int max_forwards{32};                     // tunnels likewise
    int max_tunnels{256};                     // at once, of all connections
    int max_auth_tries{6};
    int max_pushes{16}, max_fetches{32};  // at once
    std::int64_t max_pack_bytes{1ll << 30};
    std::chrono::seconds login_time{30};
    std::chrono::seconds idle_time{900};      // without a session
    std::chrono::seconds keep_alive{30};      // a silent client is asked; after the third time it is gone
    std::chrono::seconds command_time{3600};  // a command that is not followed
    std::chrono::seconds stop_time{5};
};

class server {
 public:
    server(server_options options, control::platform& platform, logger& log);
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    /// Makes the host keys when there are none, and binds the address. Call before run(); it blocks.
    result<> open();
    /// The port that is bound; 0 before open().
    std::uint16_t port() const noexcept;
    /// "SHA256:…" of each host key, for people to compare; after open().
    std::vector<std::string> host_fingerprints() const;

    /// Serves until cancelled, then ends its clients' views (not their deploys) and returns.
    task<> run();

 private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace gasper::receiver
