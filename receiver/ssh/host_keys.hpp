// The server's own keys: made at the first start, kept in the data directory. Blocks: RSA takes up to seconds.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.hpp"

namespace gasper::receiver {

/// Makes what is missing (0600, synced); refuses a key that others can read. The files, Ed25519 first.
result<std::vector<std::filesystem::path>> ensure_host_keys(const std::filesystem::path& directory);

}  // namespace gasper::receiver
