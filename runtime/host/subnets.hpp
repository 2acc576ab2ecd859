// IPv4 subnets of one size, given out of a pool by looking at what is taken. Pure values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace gasper::runtime {

struct subnet {
    std::uint32_t base{0};  // host byte order
    int prefix{32};

    std::uint32_t size() const noexcept { return prefix == 0 ? 0 : std::uint32_t{1} << (32 - prefix); }
    bool overlaps(const subnet& other) const noexcept;
    std::string text() const;     // "10.213.0.0/27"
    std::string gateway() const;  // its first address
    std::string address(std::uint32_t number) const;
    subnet lower_half() const noexcept { return {base, prefix + 1}; }
    subnet upper_half() const noexcept { return {base + size() / 2, prefix + 1}; }
    bool operator==(const subnet&) const = default;
};

/// "10.213.0.0/16"; bits below the prefix must be 0.
result<subnet> parse_subnet(std::string_view text);

/// The first subnet of that size in the pool which overlaps none of `taken`, looking from number `from` on and around.
std::optional<subnet> free_subnet(const subnet& pool, int prefix, const std::vector<subnet>& taken,
                                  std::uint32_t from = 0);

}  // namespace gasper::runtime
