// The machines as people see them: what each has, what is promised and in use, and what runs there. For admins: a
// machine shows everybody's apps. All functions run on the control executor.
#pragma once

#include <string>
#include <vector>

#include "control/identity.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/node.hpp"

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

 private:
    platform& platform_;
};

}  // namespace gasper::control
