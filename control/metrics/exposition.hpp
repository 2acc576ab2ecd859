// The numbers as Prometheus reads them: its text format, version 0.0.4. Pure, but for the look at this process.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/metrics/metrics.hpp"
#include "control/services/service_stats.hpp"
#include "core/model/node.hpp"

namespace gasper::control {

struct process_now {
    std::uint64_t resident_bytes{0};
    double cpu_seconds{0};
};
process_now look_at_process();

struct exposed {
    std::vector<instance_now> instances;
    std::map<std::string, app_traffic> requests;  // by app
    std::vector<node> nodes;
    std::vector<service_now> services;
    sys_time at{};  // what ages are counted to
    std::size_t apps{0};
    process_now process;
};

std::string to_prometheus(const exposed& e);

}  // namespace gasper::control
