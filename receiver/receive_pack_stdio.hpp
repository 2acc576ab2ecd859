// `gasper receive-pack --stdio DIR`: the receiver's own receive-pack on standard input and output over a bare
// repository, without a deploy: for protocol tests with the real git. Blocks until the client is served.
#pragma once

#include <filesystem>

#include "receiver/git/receive_pack.hpp"

namespace gasper::receiver {

/// The process's exit status.
int run_receive_pack_stdio(const std::filesystem::path& repository, receive_pack_options options = {});

}  // namespace gasper::receiver
