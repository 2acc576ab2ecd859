// What a client asked for on one session channel, as a value.
#pragma once

#include <optional>
#include <string>

#include "control/identity.hpp"

namespace gasper::receiver {

struct terminal_size {
    int columns{80}, rows{24};
    bool operator==(const terminal_size&) const = default;
};

struct session_request {
    std::string user;  // "git", "gasper", or an app's name
    control::identity who;
    std::optional<std::string> command;  // none: a shell
    std::optional<terminal_size> terminal;
    std::string term{"xterm-256color"};
    std::string git_protocol;  // the GIT_PROTOCOL variable: "version=2"
};

}  // namespace gasper::receiver
