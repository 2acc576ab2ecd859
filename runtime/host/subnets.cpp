#include "runtime/host/subnets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gasper::runtime {

namespace {

std::string dotted(std::uint32_t a) {
    return fmt::format("{}.{}.{}.{}", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

// A number up to `most` from the front of `text`, and `stop` after it ('\0': the end).
std::optional<std::uint32_t> take_number(std::string_view& text, std::uint32_t most, char stop) {
    std::uint32_t n = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (ec != std::errc{} || n > most) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (stop == '\0') return text.empty() ? std::optional(n) : std::nullopt;
    if (!text.starts_with(stop)) return std::nullopt;
    text.remove_prefix(1);
    return n;
}

}  // namespace

bool subnet::overlaps(const subnet& other) const noexcept {
    const int shorter = std::min(prefix, other.prefix);
    return shorter == 0 || (base ^ other.base) >> (32 - shorter) == 0;
}

std::string subnet::text() const {
    return fmt::format("{}/{}", dotted(base), prefix);
}
std::string subnet::gateway() const {
    return address(1);
}
std::string subnet::address(std::uint32_t number) const {
    return dotted(base + number);
}

result<subnet> parse_subnet(std::string_view text) {
    const auto wrong = fail(errc::invalid, "subnet", fmt::format("\"{}\" is no IPv4 subnet like 10.213.0.0/16", text));
    subnet s;
    for (const char stop : {'.', '.', '.', '/'}) {
        const auto part = take_number(text, 255, stop);
        if (!part) return wrong;
        s.base = s.base << 8 | *part;
    }
    const auto prefix = take_number(text, 32, '\0');
    if (!prefix || *prefix == 0) return wrong;
    s.prefix = static_cast<int>(*prefix);
    if ((s.base & (s.size() - 1)) != 0) return wrong;
    return s;
}

std::optional<subnet> free_subnet(const subnet& pool, int prefix, const std::vector<subnet>& taken,
                                  std::uint32_t from) {
    if (prefix < pool.prefix || prefix > 30) return std::nullopt;
    const std::uint32_t count = std::uint32_t{1} << (prefix - pool.prefix);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t number = (from + i) % count;
        const subnet candidate{pool.base + (number << (32 - prefix)), prefix};
        if (std::none_of(taken.begin(), taken.end(), [&](const subnet& t) { return t.overlaps(candidate); }))
            return candidate;
    }
    return std::nullopt;
}

}  // namespace gasper::runtime
