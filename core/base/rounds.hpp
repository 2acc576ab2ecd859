// Work that is done again and again for as long as the process lives.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "core/base/asio.hpp"
#include "core/base/log.hpp"

namespace gasper {

/// Does `turn`, waits for `pause`, and so on until cancelled. A turn that throws is logged under `name`, and costs
/// itself alone, and a second: a full disk must not end what watches it.
task<> repeat(logger& log, std::string name, std::chrono::milliseconds pause, std::function<task<>()> turn);

}  // namespace gasper
