// One client's connection: reads heads, has an exchange serve each, ends it in a way that the last answer arrives.
// Belongs to its worker's thread; the worker owns it and must not destroy it before serve() has ended.
#pragma once

#include "router/exchange.hpp"

namespace gasper::router {

class connection {
 public:
    connection(worker_context& context, client_identity peer) : context_(context), peer_(std::move(peer)) {}

    /// Until the client, a deadline or the router ends it.
    co<> serve(unique_fd socket);
    /// No further request: ends at once when idle, else after the request in hand.
    void drain() noexcept;
    /// Ends now.
    void abort() noexcept;

 private:
    enum class phase : std::uint8_t { fresh, idle, head, exchange };

    co<std::size_t> read_head();
    co<bool> serve_one();
    co<> linger();

    worker_context& context_;
    client_identity peer_;
    stream client_{context_.loop};
    input_buffer input_{context_.buffers};
    exchange_memory memory_;
    exchange* current_{nullptr};
    phase phase_{phase::fresh};
    unsigned requests_at_once_{0};
    bool aborted_{false};
};

}  // namespace gasper::router
