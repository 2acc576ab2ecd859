// All series on disk: one directory an app, one file an instance name and one for the app's requests. Names live on
// when containers change, so the past of web.1 spans releases. Bounded: each file has a fixed size, and there are at
// most so many. Everything runs on a thread of its own; nobody waits for it but who asks for the past.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "control/metrics/points.hpp"
#include "core/base/aging_clock.hpp"
#include "core/base/asio.hpp"
#include "core/base/blocking.hpp"
#include "core/base/log.hpp"

namespace gasper::control {

struct sample {
    std::string app;
    std::string instance;  // "web.1"; empty: the app's requests
    std::int64_t at{0};    // seconds since the epoch
    std::vector<double> values;
};

struct span_of_time {
    std::int64_t from{0}, to{0};  // seconds since the epoch
    std::int64_t step{60};        // seconds
};

struct app_series {
    std::map<std::string, std::vector<point>> instances;
    std::vector<point> requests;
};

class metrics_store {
 public:
    metrics_store(std::filesystem::path directory, logger& log, std::size_t most_files = 2000)
        : directory_(std::move(directory)), log_(log), most_files_(most_files) {
        (void)ahead();
    }

    task<> write(std::vector<sample> batch);
    /// Instances that have samples in that time.
    task<app_series> read(std::string app, span_of_time when, std::int64_t now);
    /// Removes apps that are not among these, and instances that were not heard of for as long as anything is kept.
    task<> keep_only(std::set<std::string> apps);

 private:
    std::filesystem::path file_of(const std::string& app, const std::string& instance) const;
    void write_now(const std::vector<sample>& batch);
    app_series read_now(const std::string& app, span_of_time when, std::int64_t now) const;
    void keep_now(const std::set<std::string>& apps);
    std::size_t count_files() const;
    std::chrono::nanoseconds ahead();

    std::filesystem::path directory_;
    logger& log_;
    std::size_t most_files_;
    std::size_t files_{0};  // on the thread only, and what follows
    aging_clock aging_;
    bool counted_{false};
    bool complained_{false};
    blocking_pool thread_{"metrics", 1};
};

}  // namespace gasper::control
