// Gives every instance that is about to start its node: asks the cluster for the nodes, the fleet for what runs, and
// the scheduler for the choice. What was chosen counts from then on, also before it runs, so that two that start at
// once do not get the same room. All calls come from the control executor.
#pragma once

#include <list>
#include <string>

#include "control/fleet.hpp"
#include "control/node_book.hpp"
#include "control/scheduler.hpp"
#include "runtime/cluster.hpp"

namespace gasper::control {

/// What runs or is starting, as the scheduler sees it. Instances that ended hold nothing.
std::vector<instance_request> as_requests(const std::vector<runtime::observed_instance>& instances);

class placing {
 public:
    placing(runtime::cluster& cluster, const node_book& said) : cluster_(cluster), said_(said) {}

    /// Room on a node until it is given back: when the instance is in the fleet, or has failed.
    class room {
     public:
        room(placing& of, instance_request taken);
        room(room&& other) noexcept : of_(std::exchange(other.of_, nullptr)), entry_(other.entry_) {}
        room& operator=(room&&) = delete;
        ~room() { give_back(); }
        const std::string& node() const { return entry_->node; }
        void give_back();

     private:
        placing* of_;
        std::list<instance_request>::iterator entry_;
    };

    /// Refuses with `no_capacity` and why.
    task<result<room>> find_room(const fleet& running, instance_request wanted);

 private:
    runtime::cluster& cluster_;
    const node_book& said_;
    std::list<instance_request> starting_;
};

}  // namespace gasper::control
