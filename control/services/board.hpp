// Services as they run now, by name. A value of the control executor.
#pragma once

#include <list>
#include <map>
#include <set>
#include <string>

#include "control/services/service_stats.hpp"
#include "core/base/deadline.hpp"
#include "core/model/archive.hpp"
#include "core/model/service.hpp"
#include "runtime/services/service_host.hpp"

namespace gasper::control {

struct service_board {
    std::map<std::string, runtime::observed_service> running;
    // Somebody stops, starts or replaces it on purpose: supervision leaves it alone. Once for each who does.
    std::multiset<std::string> held;
    std::set<std::string> beside;                               // throw-away servers that somebody works with, by name
    std::set<std::string> walled;                               // nobody may reach it: its data is being copied
    std::set<archive_id> collecting;                            // archives whose segments somebody brings in
    std::multiset<std::pair<std::string, std::string>> stored;  // backups being written, by place and object
    std::multiset<std::string> filled;  // being made, with data in it: no other job may touch it
    // Being opened and not yet an attachment's, or an attachment's no more and still in use. With passwords: whoever
    // puts another server in the place of one makes these users there too.
    std::list<attachment> held_ways;
    struct restart_state {
        int in_row{0};  // ends, each soon after the one before
        deadline::clock::time_point last{};
        bool pending{false};
    };
    std::map<std::string, restart_state> restarts;
    std::map<std::string, service_stats> figures;  // what servers said of themselves, lately
    deadline::clock::time_point figures_at{};      // when they were asked
    bool asking_figures{false};
    std::map<std::string, service_disk> disks;  // as of the last look at them; also of those that do not run

    const runtime::observed_service* find(const std::string& name) const {
        const auto at = running.find(name);
        return at == running.end() ? nullptr : &at->second;
    }
};

}  // namespace gasper::control
