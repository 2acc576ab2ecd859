// Versions of services: "15", "10.11", "7.2.1". Values; any thread.
#pragma once

#include <compare>
#include <string_view>
#include <vector>

namespace gasper {

/// The numbers that it begins with: "10.11.6-MariaDB" → 10, 11, 6.
std::vector<int> version_numbers(std::string_view version);

/// As far as the shorter one goes: "15.8" is as "15".
std::strong_ordering compare_versions(std::string_view a, std::string_view b);

}  // namespace gasper
