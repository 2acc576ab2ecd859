// A service's door: the one port of this host under which it is reached from outside. It lets in whom the allow-list
// names, before a byte is read; speaks TLS with each, whatever the service's server speaks; and relays to the server,
// wherever that is now. It holds little for each connection and nothing for one that is slow: who does not read is not
// read from, and is cut in the end. All calls come from the executor, which runs one handler at a time. Knows no kind
// and no store.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/task_scope.hpp"
#include "runtime/services/allow_list.hpp"
#include "runtime/services/door_certificate.hpp"
#include "runtime/services/tls_start.hpp"

namespace gasper::runtime {

struct door_options {
    std::string service;    // for the log
    std::uint16_t port{0};  // of all addresses of this host, IPv4 and IPv6; 0: any that is free
    allow_list allowed;
    door_certificate shown;
    tls_start_rules begin;
    std::size_t most_connections{100};
    std::size_t most_of_address{40};
    std::chrono::milliseconds begin_time{10'000};  // from the connection to the end of TLS's handshake; as long a login
    std::chrono::milliseconds connect_time{5'000};   // to the server
    std::chrono::milliseconds idle_time{3'600'000};  // without a byte in either direction
    std::chrono::milliseconds stall_time{60'000};    // with bytes for who takes none
};

class service_door {
 public:
    /// Where the server is now; none: it does not run.
    using server_address = std::function<std::optional<asio::ip::tcp::endpoint>()>;

    struct figures {
        std::size_t open{0};
        std::uint64_t let_in{0};
        std::uint64_t turned_away{0};  // by the allow-list, or because there were too many
    };

    service_door(asio::any_io_executor executor, door_options options, server_address server, logger& log);
    ~service_door();

    /// Errors: invalid certificate (failed); the port is taken (conflict).
    result<> listen();
    /// After listen().
    std::uint16_t port() const noexcept { return port_; }
    /// Until close() or cancellation; then all connections have ended.
    task<> run();
    /// From here on the port is free, and what is open is cut.
    void close();

    const door_options& options() const noexcept { return options_; }
    figures seen() const noexcept { return {connections_.size(), let_in_, turned_away_}; }

 private:
    struct tls_context;
    using tcp = asio::ip::tcp;

    task<> accept();
    task<> serve(tcp::socket socket, asio::ip::address from);
    bool admits(const asio::ip::address& from) const;
    void turn_away(tcp::socket socket, const asio::ip::address& from);

    asio::any_io_executor executor_;
    door_options options_;
    server_address server_;
    logger& log_;
    std::unique_ptr<tls_context> tls_;
    tcp::acceptor acceptor_;
    task_scope connections_;
    std::map<asio::ip::address, std::size_t> from_;  // how many connections each has
    std::uint16_t port_{0};
    bool closed_{false};
    std::uint64_t let_in_{0}, turned_away_{0}, untold_{0};
    deadline::clock::time_point told_{};
};

}  // namespace gasper::runtime
