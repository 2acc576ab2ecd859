// What the router says back to the control plane. Workers announce that there is something; the thread that applies
// tables gathers it when the feed asks, so that nothing piles up while nobody listens.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/tables/report_source.hpp"
#include "router/route_map.hpp"

namespace gasper::router {

class reporter final : public report_source {
 public:
    static constexpr std::chrono::milliseconds leaving_interval{250};
    static constexpr std::chrono::seconds wake_interval{3}, idle_interval{5}, traffic_interval{10};

    /// `wake` is called on any thread when there is something to report that cannot wait for next_due(). Before the
    /// workers start.
    void on_news(std::function<void()> wake) { wake_ = std::move(wake); }
    /// Any thread.
    void announce() const {
        if (wake_) wake_();
    }
    /// A request waits for this app. Any thread; however many wait, control hears of it once in wake_interval.
    void wake(const std::shared_ptr<app_state>& app);

    /// `routes` is in use from now on and lacks `gone`. Until `workers_behind` is 0 some worker may still be about to
    /// choose one of these by the table before: until then they count as busy.
    void applied(std::shared_ptr<const route_map> routes, const std::vector<std::shared_ptr<upstream>>& gone,
                 std::shared_ptr<const std::atomic<unsigned>> workers_behind);

    feed_report next_report(bool anew) override;
    void reported() override;
    clock::time_point next_due() const override;

 private:
    struct leaving_instance {
        std::shared_ptr<upstream> instance;
        std::shared_ptr<const std::atomic<unsigned>> workers_behind;
    };
    struct asked_app {
        std::shared_ptr<app_state> app;
        clock::time_point said{};  // the last time control was asked
    };
    struct said_traffic {
        app_traffic written, handed_out;
    };

    leaving_instances gather_leaving();
    void gather_wakes(clock::time_point now, bool anew, feed_report& out);
    void gather_idle(clock::time_point now, feed_report& out);
    void gather_traffic_of(const app_state& app, feed_report& out);
    void gather_traffic(clock::time_point now, bool anew, feed_report& out);

    std::function<void()> wake_;
    std::shared_ptr<const route_map> routes_ = std::make_shared<const route_map>();
    std::vector<leaving_instance> leaving_;
    leaving_instances said_leaving_;
    clock::time_point idle_said_{}, traffic_said_{};
    bool any_tells_idle_{false};
    // Apps that left the table, until their last traffic is reported.
    std::vector<std::shared_ptr<app_state>> left_;
    std::unordered_map<const app_state*, said_traffic> said_traffic_;
    mutable std::mutex mutex_;  // guards asked_
    std::unordered_map<const app_state*, asked_app> asked_;
};

}  // namespace gasper::router
