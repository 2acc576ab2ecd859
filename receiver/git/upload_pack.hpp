// Fetch and clone: git's own upload-pack as a child on the client's streams (FACTS: git itself for packs).
#pragma once

#include <filesystem>
#include <string>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"
#include "receiver/client_stream.hpp"

namespace gasper::receiver {

/// The exit status. `protocol` is the client's GIT_PROTOCOL, checked already; empty: version 0.
task<int> run_upload_pack(client_stream& client, std::filesystem::path repository, std::string protocol,
                          deadline until);

}  // namespace gasper::receiver
