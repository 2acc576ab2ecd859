#include <algorithm>
#include <cmath>

#include "control/scheduler.hpp"

namespace gasper::control {

namespace {

// Moves one instance at a time off the fullest node, until none is too full or none can be relieved.
class balancing {
 public:
    balancing(const std::vector<node>& nodes, const std::vector<instance_request>& running,
              const scheduler_options& options)
        : options_(options),
          running_(running),
          index_(nodes, options),
          on_(nodes.size()),
          stuck_(nodes.size()),
          moved_(running.size()) {
        for (std::size_t i = 0; i < running.size(); ++i) {
            const auto at = index_.find(running[i].node);
            if (at == placement_index::none()) continue;
            index_.add(running[i], at);
            on_[at].push_back(i);
        }
        for (std::size_t at = 0; at < index_.size(); ++at)
            if (std::isfinite(index_.load(at))) {
                total_ += index_.load(at);
                ++active_;
            }
    }

    placement_plan run(std::size_t most) {
        placement_plan plan;
        while (plan.placements.size() < most) {
            const auto source = fullest();
            if (source == placement_index::none()) break;
            if (!relieve(source, plan)) stuck_[source] = true;
        }
        return plan;
    }

 private:
    double mean() const { return total_ / static_cast<double>(active_); }

    // A node over the tolerance that may be relieved; none() when all is well.
    std::size_t fullest() const {
        std::size_t found = placement_index::none();
        double most = active_ == 0 ? 0 : mean() * options_.tolerance;
        for (std::size_t at = 0; at < index_.size(); ++at) {
            const auto load = index_.load(at);
            if (stuck_[at] || !std::isfinite(load) || load <= most) continue;
            most = load;
            found = at;
        }
        return found;
    }

    bool relieve(std::size_t source, placement_plan& plan) {
        auto& here = on_[source];
        // Whose leaving brings the node closest to the mean: few moves, and the small ones stay for the last bit.
        const auto excess = index_.load(source) - mean();
        const auto off_by = [&](std::size_t i) { return std::abs(index_.share(running_[i], source) - excess); };
        std::sort(here.begin(), here.end(), [&](std::size_t a, std::size_t b) {
            const auto left = off_by(a), right = off_by(b);
            return left != right ? left < right : a < b;
        });
        for (auto i = here.begin(); i != here.end(); ++i) {
            if (moved_[*i] || !move(*i, source, plan)) continue;
            here.erase(i);
            return true;
        }
        return false;
    }

    bool move(std::size_t i, std::size_t source, placement_plan& plan) {
        auto instance = running_[i];
        const auto before = index_.load(source);
        const auto company = index_.company(instance, source);
        index_.remove(instance, source);
        const auto without = index_.load(source);
        const auto target = index_.place(instance);
        if (target && *target != source) {
            const auto there = index_.load(*target);
            instance.node.clear();  // its use is not in the target's measurement
            const auto beside = index_.company(instance, *target);
            index_.add(instance, *target);
            // Company on the source counted the instance itself, once as process and once as app.
            if (index_.load(*target) < before && beside + 0x10001 <= company) {
                total_ += without - before + index_.load(*target) - there;
                record(i, *target, plan);
                return true;
            }
            index_.remove(instance, *target);
        }
        instance.node.clear();
        index_.add(instance, source);
        return false;
    }

    void record(std::size_t i, std::size_t target, placement_plan& plan) {
        on_[target].push_back(i);
        moved_[i] = true;
        plan.placements.push_back({i, index_.name(target), running_[i].node});
    }

    const scheduler_options& options_;
    const std::vector<instance_request>& running_;
    placement_index index_;
    std::vector<std::vector<std::size_t>> on_;  // instances by node
    std::vector<bool> stuck_;                   // by node: cannot be relieved
    std::vector<bool> moved_;                   // by instance: none moves twice
    double total_{0};
    std::size_t active_{0};
};

}  // namespace

placement_plan rebalance(const std::vector<node>& nodes, const std::vector<instance_request>& running, std::size_t most,
                         const scheduler_options& options) {
    return balancing(nodes, running, options).run(most);
}

}  // namespace gasper::control
