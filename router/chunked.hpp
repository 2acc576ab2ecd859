// The framing of a chunked body (RFC 9112 §7.1), sans-io: follows it as it streams past and says where it ends.
// Strict: sizes without whitespace or overflow, CRLF only, extensions and trailers bounded, so that nobody behind the
// router can see the body end elsewhere. A value: copy it to go back to an earlier point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gasper::router {

class chunked_scanner {
 public:
    static constexpr std::size_t max_extension = 1024;  // bytes on one size line
    static constexpr std::size_t max_trailer = 8 * 1024;

    enum class status : std::uint8_t { more, done, bad };
    struct step {
        status is;
        std::size_t used;     // bytes that belong to the body, framing included
        std::size_t payload;  // bytes of content among them
    };

    /// Follows the framing over `data`.
    step scan(std::string_view data) noexcept;
    /// The same, and moves the content to the front of `data`, without its framing.
    step decode(char* data, std::size_t size) noexcept;

    bool done() const noexcept { return at_ == place::end; }

 private:
    enum class place : std::uint8_t {
        size_first,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer_name,
        trailer_value,
        trailer_lf,
        end_lf,
        end,
        failed
    };

    template <class Content>
    step walk(const char* data, std::size_t size, Content content) noexcept;
    place next(unsigned char c) noexcept;
    place after_size_digit(unsigned char c) noexcept;
    place in_trailer(unsigned char c) noexcept;

    place at_{place::size_first};
    std::uint64_t left_{0};
    std::size_t counted_{0};  // bytes of the extension or trailer so far
};

}  // namespace gasper::router
