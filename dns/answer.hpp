// What the server knows and does, without a socket: a query's bytes in, the response's bytes out.
#pragma once

#include <cstdint>
#include <span>

#include "dns/zone_map.hpp"

namespace gasper::dns {

enum class transport { udp, tcp };

inline constexpr std::size_t max_message = 65535;

/// Writes the response into `out` (at least max_udp_payload bytes for UDP, max_message for TCP) and returns its size;
/// 0: say nothing. Allocates nothing.
std::size_t answer(std::span<const std::uint8_t> request, transport over, const zone_map& zones,
                   std::span<std::uint8_t> out);

}  // namespace gasper::dns
