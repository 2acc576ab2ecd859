// How long the scheduler needs, and how evenly it loads, in a simulated fleet: random arrivals and departures, the loss
// of a node, rebalancing. Needs nothing but a processor. placement [NODES] [INSTANCES]
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <random>

#include "control/scheduler.hpp"

using namespace gasper;
using namespace gasper::control;

namespace {

// Of this thread on the processor: the machine may be busy with other things.
double milliseconds() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

double milliseconds_since(double begun) {
    return milliseconds() - begun;
}

class simulation {
 public:
    simulation(std::size_t nodes, std::size_t instances) : target_(instances) {
        for (std::size_t i = 0; i < nodes; ++i) {
            // A third of the fleet has half the size of the rest; half of it has fast disks.
            const auto memory = (i % 3 == 0 ? 8ll : 16ll) << 30;
            nodes_.push_back({.name = fmt::format("n{}", i), .capacity = {memory, i % 3 == 0 ? 4.0 : 8.0}});
            nodes_.back().labels["disk"] = i % 2 == 0 ? "ssd" : "hdd";
        }
        index_ = std::make_unique<placement_index>(nodes_);
    }

    void arrive() {
        instance_request i{.app = fmt::format("app{}", random_() % (target_ / 4 + 1)), .process = "web"};
        i.name = fmt::format("web.{}", ++arrived_);
        i.reserved = {static_cast<std::int64_t>(64 + 64 * (random_() % 8)) << 20,
                      0.05 * static_cast<double>(random_() % 5)};
        if (random_() % 10 == 0) i.required = {{"disk", "ssd"}};
        const auto begun = milliseconds();
        const auto at = index_->place(i);
        times_.push_back(milliseconds_since(begun));
        if (!at) return;
        index_->add(i, *at);
        i.node = index_->name(*at);
        running_.push_back(std::move(i));
    }

    void depart() {
        auto& gone = running_[random_() % running_.size()];
        index_->remove(gone, index_->find(gone.node));
        gone = std::move(running_.back());
        running_.pop_back();
    }

    void churn(std::size_t steps) {
        while (running_.size() < target_)
            arrive();
        for (std::size_t i = 0; i < steps; ++i)
            random_() % 2 == 0 && running_.size() > target_ * 9 / 10 ? depart() : arrive();
    }

    void shrink(std::size_t to) {
        while (running_.size() > to)
            depart();
    }

    void lose_node() {
        // The one that has most, and as many on top as make 100.
        std::size_t lost = 0;
        for (std::size_t i = 1; i < index_->size(); ++i)
            if (index_->instances(i) > index_->instances(lost)) lost = i;
        for (auto& i : running_) {
            if (index_->instances(lost) >= 100) break;
            const auto at = index_->find(i.node);
            if (at == lost) continue;
            index_->remove(i, at);
            i.node.clear();
            index_->add(i, lost);
            i.node = index_->name(lost);
        }
        nodes_[lost].state = node_state::down;
        replan_kept(lost);
        const auto begun = milliseconds();
        const auto plan = place_all(nodes_, running_);
        fmt::print("node loss, everything from values     {:8.1f} ms   {} moved, {} fit nowhere\n",
                   milliseconds_since(begun), plan.placements.size(), plan.misfits.size());
        for (const auto& p : plan.placements)
            running_[p.instance].node = p.node;
        nodes_[lost].state = node_state::active;
        rebuild();
    }

    void balance(const char* when) {
        print_imbalance(when);
        const auto begun = milliseconds();
        const auto plan = rebalance(nodes_, running_, running_.size());
        const auto took = milliseconds_since(begun);
        for (const auto& p : plan.placements)
            running_[p.instance].node = p.node;
        rebuild();
        fmt::print("rebalance                             {:8.1f} ms   {} moved\n", took, plan.placements.size());
        print_imbalance("  after it");
    }

    void print_times() {
        std::sort(times_.begin(), times_.end());
        fmt::print("one placement: median {:.4f} ms, p99 {:.4f}, most {:.4f}, of {}\n", times_[times_.size() / 2],
                   times_[times_.size() * 99 / 100], times_.back(), times_.size());
    }

    void print_imbalance(const char* when) const {
        double most = 0, sum = 0;
        for (std::size_t i = 0; i < index_->size(); ++i) {
            most = std::max(most, index_->load(i));
            sum += index_->load(i);
        }
        const auto mean = sum / static_cast<double>(index_->size());
        fmt::print("{:<38}imbalance {:.3f} (largest load {:.3f}, mean {:.3f}), {} instances\n", when, most / mean, most,
                   mean, running_.size());
    }

 private:
    // As a caller does that keeps its index: the lost instances only.
    void replan_kept(std::size_t lost) {
        auto kept = *index_;
        const auto begun = milliseconds();
        kept.update(lost, nodes_[lost]);
        std::size_t moved = 0;
        for (auto i : running_) {
            if (i.node != nodes_[lost].name) continue;
            kept.remove(i, lost);
            i.node.clear();
            const auto at = kept.place(i);
            if (!at) continue;
            kept.add(i, *at);
            ++moved;
        }
        fmt::print("node loss, with a kept index          {:8.1f} ms   {} moved\n", milliseconds_since(begun), moved);
    }

    void rebuild() {
        index_ = std::make_unique<placement_index>(nodes_);
        for (const auto& i : running_)
            index_->add(i, index_->find(i.node));
    }

    std::size_t target_;
    std::mt19937 random_{42};
    std::vector<node> nodes_;
    std::unique_ptr<placement_index> index_;
    std::vector<instance_request> running_;
    std::vector<double> times_;
    std::size_t arrived_{0};
};

}  // namespace

int main(int argc, char** argv) {
    const std::size_t nodes = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
    const std::size_t instances = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100'000;
    simulation s(nodes, instances);
    s.churn(instances);
    s.print_times();
    s.print_imbalance("after arrivals and departures");
    s.lose_node();
    s.balance("after the loss");
    s.shrink(instances * 2 / 3);
    s.balance("a third left, at random");
}
