// A service that is stopped, started or replaced on purpose. For control's own sources.
#pragma once

#include <string>

#include "control/services/board.hpp"

namespace gasper::control {

/// While it lives somebody works on the server on purpose.
class held_service {
 public:
    held_service(service_board& board, std::string name) : board_(board), name_(std::move(name)) {
        board_.held.insert(name_);
    }
    held_service(const held_service&) = delete;
    held_service& operator=(const held_service&) = delete;
    ~held_service() { board_.held.erase(name_); }

 private:
    service_board& board_;
    std::string name_;
};

}  // namespace gasper::control
