// Services as they run now, by name. A value of the control executor.
#pragma once

#include <map>
#include <set>
#include <string>

#include "core/base/deadline.hpp"
#include "runtime/services/service_host.hpp"

namespace gasper::control {

struct service_board {
    std::map<std::string, runtime::observed_service> running;
    std::set<std::string> held;  // somebody stops, starts or replaces it on purpose: supervision leaves it alone
    std::set<std::string> coming_users;  // being given: not yet, or just now, an attachment's
    struct restart_state {
        int in_row{0};  // ends, each soon after the one before
        deadline::clock::time_point last{};
        bool pending{false};
    };
    std::map<std::string, restart_state> restarts;

    const runtime::observed_service* find(const std::string& name) const {
        const auto at = running.find(name);
        return at == running.end() ? nullptr : &at->second;
    }
};

}  // namespace gasper::control
