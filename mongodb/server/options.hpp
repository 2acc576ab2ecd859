// What the gateway may be told, with defaults. Checked once, then const.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "mongodb/postgres/pool.hpp"
#include "mongodb/server/cursors.hpp"
#include "mongodb/wire/message.hpp"

namespace gasper::mongodb {

struct gateway_options {
    std::string address{"0.0.0.0"};
    std::uint16_t port{27017};  // 0: any
    pool_options pool;
    cursor_options cursors;

    std::size_t max_connections{500};
    std::size_t max_strangers{250};                   // of them not logged in: drivers' monitors stay so
    std::uint32_t stranger_message_bytes{64U << 10};  // the longest that one may send who is not logged in
    std::size_t large_message_bytes{1U << 20};        // from here on messages share `large_budget`
    std::size_t large_budget{96U << 20};              // bytes of large messages in work at once
    std::chrono::seconds stranger_idle_time{60};      // a monitor says hello every 10 s
    std::chrono::seconds idle_time{1800};
    std::chrono::seconds transfer_time{60};  // for a message once it has begun, and for an answer
    std::chrono::seconds command_time{300};  // where the command has no maxTimeMS
    std::chrono::seconds stop_time{5};
};

}  // namespace gasper::mongodb
