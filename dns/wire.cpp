#include "dns/wire.hpp"

#include <cstring>

namespace gasper::dns {

std::span<const std::uint8_t> wire_reader::bytes(std::size_t n) noexcept {
    if (failed_ || n > remaining()) {
        failed_ = true;
        return {};
    }
    const auto got = bytes_.subspan(at_, n);
    at_ += n;
    return got;
}

std::uint8_t wire_reader::u8() noexcept {
    const auto b = bytes(1);
    return b.empty() ? 0 : b[0];
}

std::uint16_t wire_reader::u16() noexcept {
    const auto b = bytes(2);
    return b.empty() ? 0 : static_cast<std::uint16_t>(b[0] << 8 | b[1]);
}

std::uint32_t wire_reader::u32() noexcept {
    const std::uint32_t high = u16();
    return high << 16 | u16();
}

void wire_reader::skip_name() noexcept {
    const std::size_t start = at_;
    while (!failed_) {
        const auto length = u8();
        if (length >= 0xc0) return skip(1);
        if (length > 63 || at_ - start > 255) failed_ = true;
        if (length == 0) return;
        skip(length);
    }
}

std::string_view wire_reader::plain_name() noexcept {
    const std::size_t start = at_;
    for (;;) {
        const auto length = u8();
        if (length > 63 || at_ - start > 255) failed_ = true;
        if (failed_) return {};
        if (length == 0) break;
        skip(length);
    }
    return {reinterpret_cast<const char*>(bytes_.data()) + start, at_ - start};
}

bool wire_writer::fits(std::size_t n) noexcept {
    if (overflowed_ || at_ > limit_ || n > limit_ - at_) overflowed_ = true;
    return !overflowed_;
}

void wire_writer::u8(std::uint8_t v) noexcept {
    if (fits(1)) out_[at_++] = v;
}

void wire_writer::u16(std::uint16_t v) noexcept {
    if (!fits(2)) return;
    put_u16(at_, v);
    at_ += 2;
}

void wire_writer::u32(std::uint32_t v) noexcept {
    if (!fits(4)) return;
    u16(static_cast<std::uint16_t>(v >> 16));
    u16(static_cast<std::uint16_t>(v));
}

void wire_writer::bytes(std::string_view v) noexcept {
    bytes(std::span(reinterpret_cast<const std::uint8_t*>(v.data()), v.size()));
}

void wire_writer::bytes(std::span<const std::uint8_t> v) noexcept {
    if (v.empty() || !fits(v.size())) return;
    std::memcpy(out_.data() + at_, v.data(), v.size());
    at_ += v.size();
}

void wire_writer::put_u16(std::size_t at, std::uint16_t v) noexcept {
    out_[at] = static_cast<std::uint8_t>(v >> 8);
    out_[at + 1] = static_cast<std::uint8_t>(v);
}

void wire_writer::rewind(std::size_t to) noexcept {
    at_ = to;
    overflowed_ = false;
}

}  // namespace gasper::dns
