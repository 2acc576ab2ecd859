// Numbers one can trust: every ten seconds what each instance used, read from the kernel in one go, and what the router
// counted for each app; kept on disk at falling resolution and shown to people, the dashboard and Prometheus. Labels
// are bounded: apps and instances that exist now. All functions run on the control executor; files are written
// elsewhere.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/identity.hpp"
#include "control/metrics/points.hpp"
#include "control/metrics/store.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/node.hpp"
#include "runtime/cluster.hpp"

namespace gasper::control {

class platform;

/// What the newest sample says of an instance.
struct instance_now {
    std::string app;
    std::string name;
    std::string container;
    std::string state;  // to_string(instance_state)
    runtime::instance_usage usage;
    double cpus{0};  // in use since the sample before
    std::uint64_t restarts{0};
};

struct metrics_query {
    std::int64_t from{0}, to{0};  // seconds since the epoch; 0: an hour ago, now
    std::int64_t step{0};         // seconds; 0: about 120 points
};

struct app_metrics {
    span_of_time when;
    app_series series;
    std::vector<instance_now> now;
};

class metrics {
 public:
    using clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds interval{10};
    static constexpr std::int64_t most_points = 3000;

    explicit metrics(platform& p);

    /// A sample every interval, until cancelled.
    task<> run();
    /// One round; `at` is its place in the series, `ticks` what time went by.
    task<> sample_once(sys_time at, clock::time_point ticks);

    /// What was counted since the last call. Apps that do not exist are passed over.
    void add_requests(const std::string& app, const app_traffic& more);

    task<result<app_metrics>> of(identity who, std::string app, metrics_query query);
    /// What the last sample says of an app's instances.
    std::vector<instance_now> latest(const std::string& app) const;
    /// The text that Prometheus reads.
    task<std::string> exposition();

 private:
    struct known_container {
        runtime::instance_usage usage;
        clock::time_point at;
    };
    struct last_of_name {
        std::string container;
        int release{0};
        std::uint64_t restarts{0};
    };
    using instance_name = std::pair<std::string, std::string>;  // app, "web.1"

    task<> keep_existing_apps();
    std::vector<sample> samples_of(const std::vector<runtime::observed_instance>& running,
                                   const std::vector<runtime::instance_usage>& usage, std::int64_t at,
                                   clock::time_point ticks);
    bool note_restart(const runtime::observed_instance& i);
    void forget_what_is_gone(const std::vector<runtime::observed_instance>& running);

    platform& platform_;
    metrics_store store_;
    std::optional<clock::time_point> last_;
    std::map<std::string, known_container> containers_;
    std::map<instance_name, last_of_name> names_;
    std::map<instance_name, instance_now> now_;
    std::set<std::string> apps_;
    std::map<std::string, app_traffic> requests_;   // since this program's start
    std::map<std::string, app_traffic> unwritten_;  // since the last sample
};

}  // namespace gasper::control
