// What control is told at start: places, names, ports, limits and times. Validated by gasper/config, then const.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/model/model.hpp"
#include "core/model/node.hpp"

namespace gasper::control {

struct options {
    std::filesystem::path data;            // absolute
    std::string domain{"localhost"};       // apps answer at <app>.<domain>
    std::string public_host{"localhost"};  // how people reach SSH
    std::vector<std::string> public_ipv4{"127.0.0.1"};
    std::vector<std::string> public_ipv6;
    std::uint16_t http_port{8080};
    std::uint16_t https_port{8443};
    std::uint16_t ssh_port{2222};
    std::string api_address{"127.0.0.1"};  // the dashboard is routed there
    std::uint16_t api_port{8000};
    limits limit;                                             // of an instance
    resources reserved;                                       // promised to every instance; 0: nothing
    std::chrono::milliseconds build_deadline{900'000};        // one build, images included
    std::chrono::milliseconds start_deadline{60'000};         // from start to ready
    std::chrono::milliseconds drain{30'000};                  // the longest for an old instance's in-flight requests
    std::chrono::milliseconds stop_grace{30'000};             // from SIGTERM to SIGKILL
    std::chrono::hours kept_jobs_time{24 * 30};               // ended jobs, their logs and their builds
    int kept_jobs{500};                                       // of them, per app
    std::int64_t log_size{16 << 20};                          // bytes of an app's log
    std::chrono::milliseconds log_age{std::chrono::days(7)};  // of its lines
    std::int64_t log_rate{1 << 20};                           // bytes a second that are kept of an app's output
    int sleep_sandboxes{50};                                  // that wait for apps which were stopped in their sleep
    int disk_full{90};                                        // percent of a disk, from which on it takes no builds
    std::string smtp_url;                                     // where mail goes: smtp://…; empty: nowhere
    std::string smtp_from;                                    // whom it is from
    int kept_builds{10};                                      // per app: what rollback reaches
    unsigned app_uid{1000}, app_gid{1000};                    // whom apps run as: volumes are theirs
    std::uint16_t instance_port{5000};                        // PORT
};

}  // namespace gasper::control
