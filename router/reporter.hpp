// What the router says back to the control plane. Workers announce that there is something; the thread that applies
// tables gathers it when the feed asks, so that nothing piles up while nobody listens.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "core/tables/follower.hpp"
#include "router/upstream.hpp"

namespace gasper::router {

class reporter final : public report_source {
 public:
    static constexpr std::chrono::milliseconds leaving_interval{250};

    /// `wake` is called on any thread when there is something to report that cannot wait for next_due(). Before the
    /// workers start.
    void on_news(std::function<void()> wake) { wake_ = std::move(wake); }
    /// Any thread.
    void announce() const {
        if (wake_) wake_();
    }

    /// These left the table. Until `workers_behind` is 0 some worker may still be about to choose one of them by the
    /// table before: until then they count as busy.
    void leaving(const std::vector<std::shared_ptr<upstream>>& gone,
                 std::shared_ptr<const std::atomic<unsigned>> workers_behind);

    feed_report next_report(bool anew) override;
    void reported() override {}
    clock::time_point next_due() const override;

 private:
    struct leaving_instance {
        std::shared_ptr<upstream> instance;
        std::shared_ptr<const std::atomic<unsigned>> workers_behind;
    };

    leaving_instances gather_leaving();

    std::function<void()> wake_;
    std::vector<leaving_instance> leaving_;
    leaving_instances said_leaving_;
};

}  // namespace gasper::router
