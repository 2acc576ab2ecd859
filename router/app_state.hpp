// One app as the router sees it over all tables that name it: its traffic, when it was asked last, how many requests
// wait for it to wake. Counters are one set per worker, written by its thread alone; any thread may read.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "core/tables/report.hpp"
#include "router/io/event_loop.hpp"

namespace gasper::router {

class app_state {
 public:
    app_state(std::string name, unsigned workers);
    ~app_state();
    app_state(const app_state&) = delete;
    app_state& operator=(const app_state&) = delete;

    const std::string& name() const noexcept { return name_; }

    /// Sums since the router started; `in_flight` is now.
    app_traffic count() const;
    /// Since the last request ended, or since the app is known; zero while there is one.
    clock::duration idle(clock::time_point now) const;

    std::atomic<std::uint32_t> waiting{0};  // requests that are held until the app is awake

 private:
    friend class counted_request;
    struct counters {
        std::atomic<std::uint64_t> begun{0}, ended{0}, latency_us{0}, bytes_out{0};
        std::array<std::atomic<std::uint64_t>, 6> by_class{};
        std::array<std::atomic<std::uint64_t>, latency_bounds_ms.size() + 1> latency{};
        std::atomic<clock::rep> last_use{0};
    };

    counters& of_worker(unsigned worker);

    std::string name_;
    clock::time_point known_since_;
    // Made by the worker's first request of this app: most of a large platform's apps are hardly asked.
    std::vector<std::atomic<counters*>> workers_;
};

/// A request among an app's from begin() to end(); one that was never ended counts as left without an answer.
class counted_request {
 public:
    counted_request() = default;
    ~counted_request() {
        if (app_) end(0, clock::duration::zero(), 0, true);
    }
    counted_request(const counted_request&) = delete;
    counted_request& operator=(const counted_request&) = delete;

    /// The first call counts.
    void begin(std::shared_ptr<app_state> app, unsigned worker, clock::time_point now);
    void end(std::size_t status_class, clock::duration took, std::uint64_t bytes, bool untimed) noexcept;

 private:
    std::shared_ptr<app_state> app_;
    app_state::counters* counters_{nullptr};
    clock::time_point begun_{};
};

}  // namespace gasper::router
