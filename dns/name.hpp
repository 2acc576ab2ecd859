// Domain names in wire form (RFC 1035 §3.1: length-prefixed labels and a final zero, no compression), as plain
// strings; in zones lower-cased, as names compare without case. The root is a single zero byte.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gasper::dns {

inline constexpr std::size_t max_name = 255;

/// From presentation form. A name with a final dot, and "." itself, is absolute; "@" is `origin`; any other is
/// relative to `origin` (wire form). Understands \DDD and \X (RFC 1035 §5.1). Lower-cases. None when it is no name.
std::optional<std::string> name_from_text(std::string_view text, std::string_view origin);

/// For messages to people: "web.apps.test", odd bytes as \DDD.
std::string name_to_text(std::string_view wire);

char to_lower(char c) noexcept;
bool equal_names(std::string_view a, std::string_view b) noexcept;

/// The name without its first label. Not for the root.
inline std::string_view parent_of(std::string_view wire) noexcept {
    return wire.substr(static_cast<unsigned char>(wire.front()) + 1u);
}

/// A lower-cased copy on the stack: a lookup allocates nothing.
class lower_name {
 public:
    explicit lower_name(std::string_view wire) noexcept;
    std::string_view view() const noexcept { return {bytes_, size_}; }

 private:
    char bytes_[max_name];
    std::size_t size_;
};

}  // namespace gasper::dns
