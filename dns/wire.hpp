// Cursors over a DNS message: every access is checked against the bounds, the first miss sticks, and is asked for
// once at the end. Values; they do not own the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace gasper::dns {

class wire_reader {
 public:
    explicit wire_reader(std::span<const std::uint8_t> bytes) noexcept : bytes_(bytes) {}

    std::uint8_t u8() noexcept;
    std::uint16_t u16() noexcept;
    std::uint32_t u32() noexcept;
    std::span<const std::uint8_t> bytes(std::size_t n) noexcept;
    void skip(std::size_t n) noexcept { (void)bytes(n); }

    /// Steps over a name; a compression pointer ends it and is not followed, so there is nothing to loop in.
    void skip_name() noexcept;
    /// A name without compression (RFC 1035 §3.1), with its final zero. Empty on error.
    std::string_view plain_name() noexcept;

    bool failed() const noexcept { return failed_; }
    std::size_t position() const noexcept { return at_; }
    std::size_t remaining() const noexcept { return bytes_.size() - at_; }

 private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_{0};
    bool failed_{false};
};

/// After an overflow nothing more is written. rewind() goes back to an earlier position and clears it.
class wire_writer {
 public:
    explicit wire_writer(std::span<std::uint8_t> out) noexcept : out_(out) {}

    void u8(std::uint8_t v) noexcept;
    void u16(std::uint16_t v) noexcept;
    void u32(std::uint32_t v) noexcept;
    void bytes(std::string_view v) noexcept;
    void bytes(std::span<const std::uint8_t> v) noexcept;
    /// Overwrites at a position that was written before.
    void put_u16(std::size_t at, std::uint16_t v) noexcept;

    bool overflowed() const noexcept { return overflowed_; }
    std::size_t position() const noexcept { return at_; }
    std::span<const std::uint8_t> written() const noexcept { return out_.first(at_); }
    void rewind(std::size_t to) noexcept;
    /// Moves the end of what may be written; at most the span's size.
    void limit(std::size_t n) noexcept { limit_ = n < out_.size() ? n : out_.size(); }

 private:
    bool fits(std::size_t n) noexcept;

    std::span<std::uint8_t> out_;
    std::size_t limit_{out_.size()};
    std::size_t at_{0};
    bool overflowed_{false};
};

}  // namespace gasper::dns
