// A process of the data plane under the control plane's care: adopted when it runs already, else started, and started
// again when it ends. It is never ended by this object: the data plane outlives the control plane.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/asio.hpp"
#include "core/base/log.hpp"

namespace gasper {

struct data_plane_options {
    std::string role;               // "router", "dns"
    std::vector<std::string> argv;  // how to start it
    std::filesystem::path lock;     // held by the process itself for as long as it lives
    std::filesystem::path log_file;
};

class data_plane {
 public:
    data_plane(asio::any_io_executor executor, data_plane_options options, logger& log);

    /// Adopts or starts, and keeps it running, until cancelled.
    task<> run();

 private:
    task<> wait_for_end(int pid);
    task<> start_and_wait();

    asio::any_io_executor executor_;
    data_plane_options options_;
    logger& log_;
};

}  // namespace gasper
