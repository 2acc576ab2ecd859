// Memory and processors of this machine that are in use, by anything. Keeps the last look: processor use is what went
// by between two. Reads two files of /proc, which takes microseconds; one executor.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "core/model/node.hpp"

namespace gasper::runtime {

class machine_load {
 public:
    /// Processor use is over the time since a look at least a second ago; at first, since the machine's start.
    resources look();
    /// The same from the texts of /proc/meminfo and /proc/stat.
    resources look(std::string_view meminfo, std::string_view stat, std::chrono::steady_clock::time_point at);

 private:
    std::uint64_t busy_{0}, all_{0};  // ticks of all processors together
    double cpus_{0};
    std::chrono::steady_clock::time_point last_{};
};

}  // namespace gasper::runtime
