#include "control/scaling.hpp"

#include <algorithm>
#include <cmath>

namespace gasper::control {

namespace {

constexpr std::chrono::hours longest_cooldown{1};  // of a rule's cool-down

// NaN and what is not a count become the nearest that is.
int instances_for(double total, double each) {
    const double n = std::ceil(total / each - 1e-9);
    return n >= 1e6 ? 1'000'000 : n >= 1 ? static_cast<int>(n) : 1;
}

}  // namespace

void scaling_history::add(load_sample seen) {
    if (!std::isfinite(seen.total) || seen.at < changed_) return;
    samples_.push_back(seen);
    while (samples_.front().at < seen.at - longest_cooldown)
        samples_.pop_front();
}

void scaling_history::changed(clock::time_point at) {
    changed_ = at;
    samples_.clear();
}

bool scaling_history::knows(clock::time_point at) const {
    return samples_.size() >= 2 && at - samples_[samples_.size() - 2].at <= stale;
}

std::optional<int> scaling_history::more(const autoscale_rule& rule, int running, clock::time_point at) const {
    if (!knows(at)) return std::nullopt;
    const auto& before = samples_[samples_.size() - 2];
    const int least =
        std::min(instances_for(before.total, rule.target), instances_for(samples_.back().total, rule.target));
    if (least <= running) return std::nullopt;
    return std::min(least, running * 2);
}

std::optional<int> scaling_history::fewer(const autoscale_rule& rule, int running, clock::time_point at) const {
    if (!knows(at) || at - changed_ < rule.cooldown) return std::nullopt;
    int most = 0;
    std::size_t seen = 0;
    for (auto s = samples_.rbegin(); s != samples_.rend() && (seen < 2 || s->at >= at - rule.cooldown); ++s, ++seen)
        most = std::max(most, instances_for(s->total, rule.target * spare));
    if (most >= running) return std::nullopt;
    return std::max(most, (running + 1) / 2);
}

int scaling_history::wanted(const autoscale_rule& rule, int running, clock::time_point at) const {
    const int within = std::clamp(running, rule.least, rule.most);
    if (within != running) return within;
    const auto next = more(rule, running, at);
    const auto chosen = next ? next : fewer(rule, running, at);
    return std::clamp(chosen.value_or(running), rule.least, rule.most);
}

}  // namespace gasper::control
