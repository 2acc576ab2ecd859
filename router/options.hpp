// Everything that can be set about the router, with defaults and units. A value; checked once by run(), then const.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "core/base/error.hpp"
#include "router/upstream.hpp"

namespace gasper::router {

struct options {
    /// "ADDR:PORT", several separated by commas; "[::]:8080" takes both families. Empty: none.
    std::string http_address{"0.0.0.0:8080"};
    /// The same for HTTPS, with the table's certificates. Empty: none.
    std::string https_address;
    /// The table file: followed when there is no feed, else the last known table.
    std::filesystem::path table_file;
    /// The control plane's feed, a Unix socket. Empty: none.
    std::filesystem::path feed_socket;
    bool access_log{true};
    /// Where access lines go; at access_file_size the file becomes FILE.1 and a new one begins. Empty: standard output.
    std::filesystem::path access_file;
    std::uint64_t access_file_size{8u << 20};  // bytes
    unsigned threads{1};                       // 1 … 64

    std::chrono::milliseconds head_timeout{30'000};        // from a head's first byte to its last
    std::chrono::milliseconds idle_timeout{75'000};        // of a client's connection between requests
    std::chrono::milliseconds connect_timeout{3'000};      // to an instance
    std::chrono::milliseconds first_byte_timeout{60'000};  // from the whole request sent to the response's head
    std::chrono::milliseconds body_timeout{60'000};        // for the client's next bytes, or for it to take 64 KiB
    std::chrono::milliseconds stream_timeout{300'000};     // for the instance's next bytes of a body
    std::chrono::milliseconds tunnel_timeout{3'600'000};   // without a byte in either direction after an upgrade
    std::chrono::milliseconds drain_timeout{30'000};       // for requests in flight when the router stops

    std::chrono::milliseconds wake_timeout{30'000};  // for a sleeping app to have an instance

    std::size_t max_waiting{4'096};       // requests held for one sleeping app; further ones are refused
    std::size_t max_connections{20'000};  // of clients, per thread; further ones wait in the backlog
    unsigned max_attempts{3};             // instances that are tried for one request
    pool_limits pool;
};

/// Refuses what cannot be run, with the name of the option.
result<> check(const options& o);

}  // namespace gasper::router
