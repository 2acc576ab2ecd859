#include "core/model/service_version.hpp"

#include <algorithm>
#include <charconv>

namespace gasper {

std::vector<int> version_numbers(std::string_view version) {
    std::vector<int> out;
    const auto* const end = version.data() + version.size();
    for (const auto* at = version.data(); at != end;) {
        int n = 0;
        const auto [stop, bad] = std::from_chars(at, end, n);
        if (bad != std::errc()) break;
        out.push_back(n);
        at = stop;
        if (at == end || *at != '.') break;
        ++at;
    }
    return out;
}

std::strong_ordering compare_versions(std::string_view a, std::string_view b) {
    const auto left = version_numbers(a), right = version_numbers(b);
    const auto both = std::min(left.size(), right.size());
    for (std::size_t i = 0; i < both; ++i)
        if (left[i] != right[i]) return left[i] <=> right[i];
    return std::strong_ordering::equal;
}

}  // namespace gasper
