// What every connection of one worker shares. Belongs to the worker's thread, but for the counters, which any thread
// may read.
#pragma once

#include <array>
#include <atomic>
#include <random>
#include <string>

#include "core/base/snapshot.hpp"
#include "router/access_log.hpp"
#include "router/http_head.hpp"
#include "router/io/buffer.hpp"
#include "router/io/event_loop.hpp"
#include "router/options.hpp"
#include "router/reporter.hpp"
#include "router/route_map.hpp"
#include "router/tls.hpp"
#include "router/waiting_room.hpp"

namespace gasper::router {

/// Prometheus-style: they only grow, but for `connections`.
struct counters {
    std::atomic<std::uint64_t> requests{0};
    std::array<std::atomic<std::uint64_t>, 6> by_class{};  // [4]: answered 4xx; [0]: the client left before an answer
    std::atomic<std::uint64_t> retries{0};
    std::atomic<std::uint64_t> upstream_connects{0};
    std::atomic<std::uint64_t> upstream_reuses{0};
    std::atomic<std::uint64_t> upgrades{0};
    std::atomic<std::uint64_t> bytes_out{0};
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::int64_t> connections{0};

    /// Only the worker's thread writes: no locked instruction is needed.
    static void add(std::atomic<std::uint64_t>& c, std::uint64_t n = 1) noexcept {
        c.store(c.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
};

struct worker_context {
    event_loop& loop;
    buffer_pool& buffers;
    const snapshot<route_map>& routes;
    const snapshot<certificate_store>& certificates;
    const options& settings;
    counters& count;
    access_log* log;  // null: off
    reporter& reports;
    waiting_room& waiting;
    unsigned worker{0};
    bool draining{false};

    std::string log_lines{};
    std::mt19937_64 random{std::random_device{}()};
    // Heads are parsed and rewritten between two awaits: one of each serves all connections.
    request_head request{};
    response_head response{};
};

}  // namespace gasper::router
