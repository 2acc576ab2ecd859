// How many instances of a process type are to run by what they have to do: between two bounds, after one signal.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper {

enum class scale_signal { queue, cpu };
constexpr std::string_view to_string(scale_signal s) noexcept {
    return s == scale_signal::queue ? "queue" : "cpu";
}

struct autoscale_rule {
    int least{1}, most{1};
    scale_signal signal{scale_signal::queue};
    /// What one instance is to carry. queue: requests in flight or waiting; cpu: percent of its limit.
    double target{10};
    /// Between two changes, and for so long fewer must have sufficed before there are fewer.
    std::chrono::seconds cooldown{120};
    bool operator==(const autoscale_rule&) const = default;
};

/// Bounds of what a person may say. Errors: invalid.
result<> check_rule(const autoscale_rule& rule);

/// "1 to 5, 20 requests each", "1 to 5, 60 % CPU".
std::string in_words(const autoscale_rule& rule);

}  // namespace gasper
