// Which node an instance goes to. Values in, values out: no I/O, no clock, nothing random; any thread.
//
// A reservation is a promise and is never given twice: an instance goes only where its reservation is free. Limits and
// measured load are no promises; they rank the nodes. Ranking, the first difference decides:
//   1. a node that would not be full beside one that would;
//   2. fewer instances of the same process type, then of the same app: spread before stacking;
//   3. the lower load afterwards, the larger of its memory and CPU shares.
// What an instance will use is taken to be its reservation, or what was measured of it, or a small default, whichever
// is largest, so that instances count even where nothing is reserved and the measurements are not in yet.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/error.hpp"
#include "core/model/node.hpp"

namespace gasper::control {

/// An instance that is wanted, or that runs.
struct instance_request {
    std::string app;
    std::string process;
    std::string name;      // "web.1"
    resources reserved;    // 0: nothing is promised
    resources used;        // measured of it; 0: not known
    node_labels required;  // its node has all of these
    std::string node;      // where it runs; empty: nowhere yet
};

struct scheduler_options {
    resources expected{48ll << 20, 0.05};  // of an instance that nothing is known of
    double tolerance{1.1};                 // largest to mean load: more is worth a move
};

struct placement {
    std::size_t instance{0};  // index into what was given
    std::string node;
    std::string from;  // where it runs now; empty: nowhere
};

struct misfit {
    std::size_t instance{0};
    error why;
};

struct placement_plan {
    std::vector<placement> placements;  // only what has to start or to move
    std::vector<misfit> misfits;        // fits nowhere; one that runs on a draining node stays there
};

/// Every wanted instance gets a node. One that runs on an active node with the labels it requires stays there.
placement_plan place_all(const std::vector<node>& nodes, const std::vector<instance_request>& wanted,
                         const scheduler_options& options = {});

/// Moves that bring the largest load down to `tolerance` times the mean, at most `most`, each from a node of more load
/// to one that has less afterwards, and none that puts an app's instances closer together.
placement_plan rebalance(const std::vector<node>& nodes, const std::vector<instance_request>& running, std::size_t most,
                         const scheduler_options& options = {});

/// The nodes and what is on them, ready to be asked: for callers that place many. A value. A placement is one pass over
/// 16 bytes a node: at 10,000 nodes some ten microseconds, which no ordered structure has to beat.
class placement_index {
 public:
    explicit placement_index(const std::vector<node>& nodes, scheduler_options options = {});

    /// The best node, which is not taken yet: add() does that. Refuses with `no_capacity` and what lacks.
    result<std::size_t> place(const instance_request& wanted) const;

    void add(const instance_request& instance, std::size_t at);
    void remove(const instance_request& instance, std::size_t at);
    /// Of a node that is there: a changed state or a new measurement, which includes all instances added so far.
    void update(std::size_t at, const node& now);

    /// The node of that name; none() when there is none.
    std::size_t find(const std::string& name) const;
    static constexpr std::size_t none() { return static_cast<std::size_t>(-1); }

    bool suits(const instance_request& instance, std::size_t at) const;  // active, with the labels
    std::size_t size() const noexcept { return nodes_.size(); }
    const std::string& name(std::size_t at) const { return nodes_[at].name; }
    const resources& reserved(std::size_t at) const { return nodes_[at].reserved; }
    std::size_t instances(std::size_t at) const { return nodes_[at].instances; }
    /// The larger of the shares of memory and CPU in use; may exceed 1. Infinite when the node takes no instances.
    double load(std::size_t at) const;
    /// Same process type and same app on that node, as the ranking compares them.
    std::uint32_t company(const instance_request& instance, std::size_t at) const;
    resources expected(const instance_request& instance) const;
    /// How much of that node's load the instance is expected to be.
    double share(const instance_request& instance, std::size_t at) const;

 private:
    struct place_of_node {
        std::string name;
        node_state state{node_state::active};
        resources capacity, reserved;
        resources expected;  // of all instances there
        resources measured;  // the measurement, and what is expected of those that came after it
        std::size_t instances{0};
        node_labels labels;
    };
    /// What the pass over all nodes reads.
    struct lane {
        float memory, cpu;        // shares in use
        float per_byte, per_cpu;  // share of one
    };
    struct presence {
        std::uint32_t node{0}, instances{0};
    };
    using presences = std::vector<presence>;  // by node
    struct app_presences {
        presences all;
        std::vector<std::pair<std::string, presences>> processes;
        const presences& of(const std::string& process) const;
    };
    struct score;

    void refresh(std::size_t at);
    void count(const instance_request& instance, std::size_t at, int change);
    const app_presences& of(const std::string& app) const;
    bool fits(const instance_request& wanted, std::size_t at) const;
    error why_nowhere(const instance_request& wanted) const;

    scheduler_options options_;
    std::vector<place_of_node> nodes_;
    std::vector<lane> lanes_;
    std::unordered_map<std::string, std::size_t> by_name_;
    std::unordered_map<std::string, app_presences> apps_;
};

}  // namespace gasper::control
