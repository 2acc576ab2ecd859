// The router as a process: `gasper router`. Follows the tables, serves until SIGTERM or SIGINT, drains, returns.
#pragma once

#include "router/options.hpp"

namespace gasper::router {

/// Blocks. The exit status: 0 after an orderly end, 1 when an option, an address or the first table is refused.
int run(const options& settings);

}  // namespace gasper::router
