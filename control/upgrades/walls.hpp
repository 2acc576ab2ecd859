// A service that nobody reaches while its data is copied, neither an app nor a person nor one outside: what was
// answered before is in the copy, and nothing is written after. For control/upgrades.
#pragma once

#include <string>

#include "control/parts.hpp"
#include "control/services/board.hpp"
#include "core/jobs/runner.hpp"
#include "core/model/service.hpp"

namespace gasper::control {

/// While it lives nobody is let in: no app that is being attached, no console, no tunnel, none through its door.
class walled_service {
 public:
    walled_service(service_board& board, std::string name) : board_(board), name_(std::move(name)) {
        board_.walled.insert(name_);
    }
    walled_service(const walled_service&) = delete;
    walled_service& operator=(const walled_service&) = delete;
    ~walled_service() { board_.walled.erase(name_); }

 private:
    service_board& board_;
    std::string name_;
};

/// Of a service that is held and walled: its door is shut, its server is stopped, so that all clients, consoles among
/// them, see the end of their connections, and started in no app's network.
task<result<>> wall_off(parts& p, service s, job_context& job);
/// Attached apps reach it again; one that does not run is started. What does not work is logged.
task<> let_in(parts& p, service s);

}  // namespace gasper::control
