// The gateway: takes MongoDB's protocol on a TCP port, and runs the commands in PostgreSQL on its Unix socket. One
// thread.
//
//     mongodb::gateway door(executor, options, say);
//     if (auto opened = door.open(); !opened) …
//     scope.spawn("gateway", door.run());          // until cancelled; then its clients are cut off
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "mongodb/server/options.hpp"

namespace gasper::mongodb {

/// One line of the log: what happened, without any secret or data of clients.
using log_line = std::function<void(const std::string&)>;

class gateway {
 public:
    gateway(asio::any_io_executor executor, gateway_options options, log_line say);
    ~gateway();
    gateway(const gateway&) = delete;
    gateway& operator=(const gateway&) = delete;

    /// Binds the address.
    result<> open();
    std::uint16_t port() const;
    task<> run();

 private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace gasper::mongodb
