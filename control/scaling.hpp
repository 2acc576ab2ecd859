// How many instances a process type needs, from what was seen of its load. Values in, values out: no I/O, no clock,
// nothing random; any thread.
//
// More when the last two samples both ask for more; fewer only when for the whole cool-down fewer would have
// been enough, and with room to spare: an instance less would carry no more than four fifths of its aim. A signal that
// swings by a tenth about any level therefore moves the number at most once. A step at most doubles or halves.
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "core/model/autoscaling.hpp"

namespace gasper::control {

/// What all instances of a process type carried together, in units of the rule's target.
struct load_sample {
    std::chrono::steady_clock::time_point at;
    double total{0};
};

class scaling_history {
 public:
    using clock = std::chrono::steady_clock;
    /// Nothing is decided on samples that are older, nor on a single one.
    static constexpr std::chrono::seconds stale{60};
    static constexpr double spare = 0.8;

    /// Nothing is decided on what was before `begin`.
    explicit scaling_history(clock::time_point begin) : changed_(begin) {}

    /// Later than those before.
    void add(load_sample seen);
    /// The number was changed: what was seen before says nothing of now.
    void changed(clock::time_point at);

    /// Within the rule's bounds; `running` when there is no reason for another number.
    int wanted(const autoscale_rule& rule, int running, clock::time_point at) const;

 private:
    bool knows(clock::time_point at) const;
    std::optional<int> more(const autoscale_rule& rule, int running, clock::time_point at) const;
    std::optional<int> fewer(const autoscale_rule& rule, int running, clock::time_point at) const;

    std::deque<load_sample> samples_;  // of the longest cool-down, after the last change
    clock::time_point changed_;
};

}  // namespace gasper::control
