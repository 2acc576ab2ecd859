#include "control/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace gasper::control {

namespace {

constexpr float closed = std::numeric_limits<float>::infinity();

std::string mebibytes(std::int64_t bytes) {
    return fmt::format("{} MiB", bytes >> 20);
}

// Counts of a group's instances, read along with a pass over the nodes.
template <class Presences>
class counted_along {
 public:
    explicit counted_along(const Presences& of) : at_(of.begin()), end_(of.end()) {}
    std::uint32_t on(std::size_t node) {
        while (at_ != end_ && at_->node < node)
            ++at_;
        return at_ != end_ && at_->node == node ? at_->instances : 0;
    }

 private:
    typename Presences::const_iterator at_, end_;
};

constexpr std::uint32_t rank_of(std::uint32_t same_process, std::uint32_t same_app) {
    return std::min(same_process, 0x7fffu) << 16 | std::min(same_app, 0xffffu);
}

}  // namespace

struct placement_index::score {
    std::uint32_t rank;  // highest bit: would be full; then company
    float load;
    bool operator<(const score& other) const { return rank != other.rank ? rank < other.rank : load < other.load; }
};

placement_index::placement_index(const std::vector<node>& nodes, scheduler_options options) : options_(options) {
    nodes_.reserve(nodes.size());
    for (const auto& n : nodes) {
        by_name_[n.name] = nodes_.size();
        nodes_.push_back({.name = n.name});
        lanes_.emplace_back();
        update(nodes_.size() - 1, n);
    }
}

void placement_index::update(std::size_t at, const node& now) {
    auto& n = nodes_[at];
    n.state = now.state;
    n.capacity = now.capacity;
    n.measured = now.measured;
    n.labels = now.labels;
    refresh(at);
}

void placement_index::refresh(std::size_t at) {
    const auto& n = nodes_[at];
    auto& l = lanes_[at];
    if (n.state != node_state::active || n.capacity.memory_bytes <= 0 || n.capacity.cpus <= 0) {
        l = {closed, closed, 0, 0};
        return;
    }
    const auto memory = std::max({n.expected.memory_bytes, n.measured.memory_bytes, std::int64_t{0}});
    const auto cpus = std::max({n.expected.cpus, n.measured.cpus, 0.0});
    l.per_byte = 1.0F / static_cast<float>(n.capacity.memory_bytes);
    l.per_cpu = 1.0F / static_cast<float>(n.capacity.cpus);
    l.memory = static_cast<float>(memory) * l.per_byte;
    l.cpu = static_cast<float>(cpus) * l.per_cpu;
}

double placement_index::load(std::size_t at) const {
    return std::max(lanes_[at].memory, lanes_[at].cpu);
}

double placement_index::share(const instance_request& i, std::size_t at) const {
    const auto use = expected(i);
    const auto& l = lanes_[at];
    return std::max(static_cast<float>(use.memory_bytes) * l.per_byte, static_cast<float>(use.cpus) * l.per_cpu);
}

resources placement_index::expected(const instance_request& i) const {
    return {std::max({i.reserved.memory_bytes, i.used.memory_bytes, options_.expected.memory_bytes}),
            std::max({i.reserved.cpus, i.used.cpus, options_.expected.cpus})};
}

const placement_index::presences& placement_index::app_presences::of(const std::string& process) const {
    static const presences nowhere;
    for (const auto& [name, there] : processes)
        if (name == process) return there;
    return nowhere;
}

const placement_index::app_presences& placement_index::of(const std::string& app) const {
    static const app_presences nowhere;
    const auto found = apps_.find(app);
    return found == apps_.end() ? nowhere : found->second;
}

void placement_index::count(const instance_request& instance, std::size_t at, int change) {
    const auto node = static_cast<std::uint32_t>(at);
    const auto change_in = [&](presences& there) {
        auto entry = std::lower_bound(there.begin(), there.end(), node,
                                      [](const presence& p, std::uint32_t number) { return p.node < number; });
        if (entry == there.end() || entry->node != node) entry = there.insert(entry, {node, 0});
        entry->instances += static_cast<std::uint32_t>(change);
        if (entry->instances == 0) there.erase(entry);
    };
    auto& app = apps_[instance.app];
    change_in(app.all);
    auto process = std::find_if(app.processes.begin(), app.processes.end(),
                                [&](const auto& p) { return p.first == instance.process; });
    if (process == app.processes.end()) process = app.processes.insert(process, {instance.process, {}});
    change_in(process->second);
    if (app.all.empty()) apps_.erase(instance.app);
}

void placement_index::add(const instance_request& instance, std::size_t at) {
    auto& n = nodes_[at];
    const auto more = expected(instance);
    n.reserved += instance.reserved;
    n.expected += more;
    // What runs there already is in the measurement.
    if (instance.node != n.name) n.measured += more;
    ++n.instances;
    count(instance, at, 1);
    refresh(at);
}

void placement_index::remove(const instance_request& instance, std::size_t at) {
    auto& n = nodes_[at];
    const auto less = expected(instance);
    n.reserved -= instance.reserved;
    n.expected -= less;
    n.measured -= less;
    --n.instances;
    count(instance, at, -1);
    refresh(at);
}

std::size_t placement_index::find(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? none() : found->second;
}

bool placement_index::suits(const instance_request& instance, std::size_t at) const {
    const auto& n = nodes_[at];
    return n.state == node_state::active &&
           std::includes(n.labels.begin(), n.labels.end(), instance.required.begin(), instance.required.end());
}

bool placement_index::fits(const instance_request& wanted, std::size_t at) const {
    constexpr double rounding = 1e-9;
    const auto& n = nodes_[at];
    const auto& want = wanted.reserved;
    if (want.memory_bytes > 0 && n.reserved.memory_bytes + want.memory_bytes > n.capacity.memory_bytes) return false;
    if (want.cpus > 0 && n.reserved.cpus + want.cpus > n.capacity.cpus + rounding) return false;
    return suits(wanted, at);
}

std::uint32_t placement_index::company(const instance_request& instance, std::size_t at) const {
    const auto& app = of(instance.app);
    counted_along in_process(app.of(instance.process)), in_app(app.all);
    return rank_of(in_process.on(at), in_app.on(at));
}

result<std::size_t> placement_index::place(const instance_request& wanted) const {
    const auto more = expected(wanted);
    const auto memory = static_cast<float>(more.memory_bytes), cpus = static_cast<float>(more.cpus);
    const auto& app = of(wanted.app);
    counted_along in_process(app.of(wanted.process)), in_app(app.all);
    score best{std::numeric_limits<std::uint32_t>::max(), closed};
    std::size_t chosen = none();
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        const auto& l = lanes_[i];
        const float after = std::max(l.memory + memory * l.per_byte, l.cpu + cpus * l.per_cpu);
        if (after == closed) continue;
        const std::uint32_t full = after > 1.0F ? 1u << 31 : 0;
        const score s{full | rank_of(in_process.on(i), in_app.on(i)), after};
        if (!(s < best) || !fits(wanted, i)) continue;
        best = s;
        chosen = i;
    }
    if (chosen == none()) return why_nowhere(wanted);
    return chosen;
}

error placement_index::why_nowhere(const instance_request& wanted) const {
    const auto refuse = [&](const std::string& why) {
        return fail(errc::unavailable, "no_capacity", wanted.name + " of " + wanted.app + " fits on no node: " + why);
    };
    std::size_t active = 0, suited = 0, roomiest = none();
    const auto left = [&](std::size_t at) {
        return nodes_[at].capacity.memory_bytes - nodes_[at].reserved.memory_bytes;
    };
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        active += nodes_[i].state == node_state::active;
        if (!suits(wanted, i)) continue;
        ++suited;
        if (roomiest == none() || left(i) > left(roomiest)) roomiest = i;
    }
    if (active == 0) return refuse("none is active");
    if (suited == 0) {
        std::string labels;
        for (const auto& [key, value] : wanted.required)
            labels += (labels.empty() ? "" : ", ") + key + "=" + value;
        return refuse("none that is active has the labels " + labels);
    }
    const auto& n = nodes_[roomiest];
    return refuse(fmt::format(
        "it reserves {} and {:g} CPUs; {}, which has most memory left, has reserved {} of {} and "
        "{:g} of {:g} CPUs",
        mebibytes(wanted.reserved.memory_bytes), wanted.reserved.cpus, n.name, mebibytes(n.reserved.memory_bytes),
        mebibytes(n.capacity.memory_bytes), n.reserved.cpus, n.capacity.cpus));
}

placement_plan place_all(const std::vector<node>& nodes, const std::vector<instance_request>& wanted,
                         const scheduler_options& options) {
    placement_index index(nodes, options);
    placement_plan plan;
    std::vector<std::size_t> homeless;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto at = wanted[i].node.empty() ? placement_index::none() : index.find(wanted[i].node);
        if (at != placement_index::none() && index.suits(wanted[i], at))
            index.add(wanted[i], at);
        else
            homeless.push_back(i);
    }
    // The large ones first: the small ones fit into what is left.
    std::stable_sort(homeless.begin(), homeless.end(), [&](std::size_t a, std::size_t b) {
        return wanted[a].reserved.memory_bytes > wanted[b].reserved.memory_bytes;
    });
    for (const auto i : homeless) {
        const auto at = index.place(wanted[i]);
        if (!at) {
            plan.misfits.push_back({i, at.error()});
            continue;
        }
        index.add(wanted[i], *at);
        plan.placements.push_back({i, index.name(*at), wanted[i].node});
    }
    return plan;
}

}  // namespace gasper::control
