#include "core/model/upgrade.hpp"

#include <array>
#include <utility>

namespace gasper {

namespace {

constexpr std::array<std::pair<upgrade_state, std::string_view>, 4> upgrade_states{{
    {upgrade_state::arriving, "arriving"},
    {upgrade_state::kept, "kept"},
    {upgrade_state::returning, "returning"},
    {upgrade_state::leaving, "leaving"},
}};

}  // namespace

std::string_view to_string(upgrade_state s) noexcept {
    for (const auto& each : upgrade_states)
        if (each.first == s) return each.second;
    return "";
}

std::optional<upgrade_state> upgrade_state_of(std::string_view text) noexcept {
    for (const auto& each : upgrade_states)
        if (each.second == text) return each.first;
    return std::nullopt;
}

}  // namespace gasper
