// More and fewer instances by what they have to do: for process types with a rule, the load of the last moments is
// looked at every ten seconds, and what scaling.hpp makes of it is done by a job, on the same path as ps:scale. Rules
// are kept; what was seen is not: after a restart nothing changes before it has been seen anew. All functions run on
// the control executor.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/identity.hpp"
#include "control/scaling.hpp"
#include "core/base/asio.hpp"
#include "core/base/error.hpp"
#include "core/model/model.hpp"
#include "core/store/autoscaling.hpp"
#include "core/tables/report.hpp"
#include "runtime/cluster.hpp"

namespace gasper::control {

class platform;

struct autoscale_view {
    std::string process;
    autoscale_rule rule;
    int quantity{0};             // wanted now
    std::optional<double> load;  // of all its instances together, as last seen, in units of the rule's target
};

class autoscaling {
 public:
    using clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds interval{10};

    explicit autoscaling(platform& p) : platform_(p) {}

    task<result<std::vector<autoscale_view>>> list(identity who, std::string app);
    /// From the next look on. A queue is counted for web alone: nothing else gets requests.
    task<result<>> set(identity who, std::string app, std::string process, autoscale_rule rule);
    /// The number of instances stays as it is.
    task<result<>> remove(identity who, std::string app, std::string process);

    /// What the router counted since its report before.
    void hear(const std::string& app, const app_traffic& more, clock::time_point at);

    /// Looks every interval, until cancelled.
    task<> run();
    task<> look(clock::time_point at);

 private:
    struct watched {
        autoscale_rule rule;
        scaling_history history;
        int running{0};
        double cpu_limit{0};  // of one instance
        std::optional<double> load;
        clock::time_point not_before{};  // a try failed: not again before this
    };
    struct requests {
        double at_once{0};  // in flight, on average since the report before
        clock::time_point at{};
    };
    struct app_rules {
        app of;
        store::autoscale_rules rules;
        std::map<std::string, double> cpus;  // by process type: the limit of one instance
    };
    using process_key = std::pair<app_id, std::string>;

    task<std::vector<app_rules>> load_rules();
    void forget_all_but(const std::vector<app_rules>& apps);
    formation decide(const app_rules& a, clock::time_point at);
    std::optional<double> load_of(const app& a, const std::string& process, const autoscale_rule& rule,
                                  clock::time_point at) const;
    std::optional<double> cpu_load(const app& a, const std::string& process) const;
    task<> begin_scaling(app a, formation next, clock::time_point at);
    std::string why(const app& a, const std::string& process) const;

    platform& platform_;
    std::map<process_key, watched> watched_;
    std::map<std::string, requests> requests_;  // by app
};

}  // namespace gasper::control
