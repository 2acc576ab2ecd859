#include "mongodb/bson/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace gasper::mongodb {
namespace {

bool continues(unsigned char c) {
    return (c & 0xC0) == 0x80;
}

/// The bytes of the character that begins at `p`; 0: none does.
std::size_t character(const unsigned char* p, std::size_t left) {
    const auto lead = p[0];
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return left >= 2 && continues(p[1]) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (left < 3 || !continues(p[1]) || !continues(p[2])) return 0;
        if (lead == 0xE0 && p[1] < 0xA0) return 0;
        if (lead == 0xED && p[1] > 0x9F) return 0;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (left < 4 || !continues(p[1]) || !continues(p[2]) || !continues(p[3])) return 0;
        if (lead == 0xF0 && p[1] < 0x90) return 0;
        if (lead == 0xF4 && p[1] > 0x8F) return 0;
        return 4;
    }
    return 0;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
    const auto* p = reinterpret_cast<const unsigned char*>(text.data());
    for (std::size_t left = text.size(); left > 0;) {
        std::uint64_t eight = 0;
        if (left >= sizeof eight) std::memcpy(&eight, p, sizeof eight);
        // Most text is ASCII: eight at a time.
        const auto step = left >= sizeof eight && (eight & 0x8080808080808080ULL) == 0 ? 8 : character(p, left);
        if (step == 0) return false;
        p += step;
        left -= step;
    }
    return true;
}

}  // namespace gasper::mongodb
