// What git asks for over SSH: "git-receive-pack '/NAME.git'" and its like.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace gasper::receiver {

struct git_command {
    enum class service { receive_pack, upload_pack };
    service what{service::receive_pack};
    std::string app;  // of a-z, 0-9 and '-': nothing that could be a path
    bool operator==(const git_command&) const = default;
};

result<git_command> parse_git_command(std::string_view line);

}  // namespace gasper::receiver
