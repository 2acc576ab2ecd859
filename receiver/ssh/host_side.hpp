// The server's side of every key exchange: its keys and the algorithms it offers. For this folder's own sources.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "receiver/ssh/libssh.hpp"

namespace gasper::receiver {

struct host_side {
    bind_ptr bind;
    std::vector<std::string> fingerprints;  // of the keys, Ed25519 first
};

/// Makes the keys when there are none; blocks.
result<host_side> open_host(const std::filesystem::path& directory);

}  // namespace gasper::receiver
