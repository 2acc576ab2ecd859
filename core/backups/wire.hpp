// What writer and reader of a backup share. For core/backups alone.
#pragma once

#include <sodium.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/backups/stream.hpp"

namespace gasper::backup_wire {

inline constexpr std::string_view magic = "GASPBKP";
inline constexpr char format = '2', format_with_digest = '1';
inline constexpr std::size_t trailer = 8, trailer_with_digest = 8 + 32;
inline constexpr std::size_t tag = crypto_secretstream_xchacha20poly1305_ABYTES;
inline constexpr std::size_t stream_header = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
inline constexpr std::size_t most_fields = 8 + 3 * (1 + backup_limits::field);

inline const unsigned char* octets(std::string_view s) {
    return reinterpret_cast<const unsigned char*>(s.data());
}
inline unsigned char* octets(std::string& s, std::size_t from = 0) {
    return reinterpret_cast<unsigned char*>(s.data()) + from;
}

inline void append(std::string& out, std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
        out += static_cast<char>(value >> (8 * i));
}
inline std::uint64_t number(std::string_view text, std::size_t at, int size) {
    std::uint64_t value = 0;
    for (int i = 0; i < size; ++i)
        value |= std::uint64_t{static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)])} << (8 * i);
    return value;
}

}  // namespace gasper::backup_wire
