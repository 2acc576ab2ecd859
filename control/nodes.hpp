// The machines as people see them: what each has, what is promised and in use, and what runs there. For admins: a
// machine shows everybody's apps. All functions run on the control executor.
#pragma once

#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/id.hpp"
#include "core/model/node.hpp"
#include "core/store/nodes.hpp"

namespace gasper::control {

class platform;

struct node_view {
    node info;
    resources reserved;  // promised to its instances
    struct instance {
        std::string app;
        std::string name;
        std::string state;  // to_string(instance_state)
        int version{0};
    };
    std::vector<bool> low;            // of each of its disks: it takes no builds
    std::vector<instance> instances;  // by app and name; those that ended are none
};

class nodes {
 public:
    explicit nodes(platform& p) : platform_(p) {}

    task<result<std::vector<node_view>>> list(identity who);
    task<result<node_view>> info(identity who, std::string name);

    /// By a job: the node takes nothing new, and what runs there moves to others. Refused with `no_capacity` when
    /// something has no other place, unless `force`: then that is stopped. What it says is kept until activate().
    task<result<job_id>> drain(identity who, std::string name, bool force);
    /// It takes instances again, and those that lack are started.
    task<result<node_view>> activate(identity who, std::string name);
    /// Labels beside those that it has of itself; an empty value removes one.
    task<result<node_view>> label(identity who, std::string name, node_labels changes);

 private:
    task<> remember(std::string name, store::node_settings said);

    platform& platform_;
};

}  // namespace gasper::control
