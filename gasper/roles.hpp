// What `gasper` does, by its first argument. Each returns the exit status.
#pragma once

#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/jobs/job_log.hpp"
#include "gasper/config.hpp"

namespace gasper {

int run_serve(const configuration& config);

/// `arguments` without the program and the role.
int run_router(const std::vector<std::string>& arguments);
int run_dns(const std::vector<std::string>& arguments);
int run_admin(const std::vector<std::string>& arguments);

/// Where the parts of one data directory lie.
struct places {
    explicit places(std::filesystem::path data);
    std::filesystem::path data, database, secret_key, repos, logs, jobs, tables, table, feed, run, cache;
};

}  // namespace gasper
