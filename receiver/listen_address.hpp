// "ADDR:PORT", "[ADDR]:PORT" or ":PORT" as people write where to listen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper::receiver {

struct listen_address {
    std::string host;  // a literal address; empty with `any`
    std::uint16_t port{0};
    bool any{false};
    bool operator==(const listen_address&) const = default;
};

result<listen_address> parse_listen_address(std::string_view text);

}  // namespace gasper::receiver
