#include "buildpacks/launch.hpp"

#include <algorithm>
#include <cmath>

#include "buildpacks/pack.hpp"

namespace gasper::buildpacks {

config_vars launch_env(std::string_view language, const limits& limit) {
    config_vars env;
    std::int64_t worker = 512ll << 20;
    for (const auto& pack : all_packs()) {
        if (pack->language() != language) continue;
        env = pack->launch_env();
        worker = pack->worker_bytes();
    }
    // More than two workers a core only wait for each other.
    const auto by_memory = limit.memory_bytes / worker;
    const auto by_cpu = static_cast<std::int64_t>(std::ceil(limit.cpus * 2));
    env["MEMORY_AVAILABLE"] = std::to_string(limit.memory_bytes >> 20);
    env["WEB_CONCURRENCY"] = std::to_string(std::max<std::int64_t>(1, std::min(by_memory, by_cpu)));
    return env;
}

}  // namespace gasper::buildpacks
