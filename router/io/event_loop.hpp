// One thread's epoll loop: readiness events, coarse deadlines (a timer wheel), handlers posted by other threads.
// Only post() and stop() may be called from another thread. Sinks are owned by their makers and must be removed before
// they go.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "core/base/handle.hpp"

namespace gasper::router {

using clock = std::chrono::steady_clock;

/// Hears of a descriptor's readiness.
class event_sink {
 public:
    virtual void on_events(std::uint32_t events) = 0;

 protected:
    ~event_sink() = default;
};

/// A deadline that is set for almost every await and almost never reached: setting a later one costs an assignment.
/// Late by up to timer_wheel::tick.
class timer {
 public:
    virtual void on_deadline() = 0;

 protected:
    timer() = default;
    virtual ~timer() = default;
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

 private:
    friend class timer_wheel;
    clock::time_point deadline_{clock::time_point::max()};
    timer* previous_{nullptr};
    timer* next_{nullptr};
    std::uint64_t tick_{0};  // where it is linked
    bool linked_{false};
};

class timer_wheel {
 public:
    static constexpr std::chrono::milliseconds tick{50};

    timer_wheel();
    void set(timer& t, clock::time_point deadline, clock::time_point now);
    void clear(timer& t) noexcept { t.deadline_ = clock::time_point::max(); }
    /// Before the timer is destroyed.
    void remove(timer& t) noexcept;
    void advance(clock::time_point now);
    /// Nothing is due before this; max: nothing at all.
    clock::time_point next() const noexcept;

 private:
    static constexpr std::size_t slots = 1024;  // further deadlines are linked at the horizon and moved on from there

    std::uint64_t tick_of(clock::time_point at) const noexcept;
    void link(timer& t, std::uint64_t at) noexcept;
    void unlink(timer& t) noexcept;

    clock::time_point begin_{clock::now()};
    std::uint64_t current_{0};
    std::uint64_t next_{0};  // no slot before this one holds a timer
    std::size_t linked_{0};
    std::array<timer*, slots> heads_{};
};

class event_loop {
 public:
    event_loop();
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;
    ~event_loop();

    /// Runs until stop(). Exceptions from handlers pass through.
    void run();
    void stop();
    void post(std::function<void()> handler);

    /// Resumes `h` soon: before the loop waits again.
    void schedule(std::coroutine_handle<> h) { ready_.push_back(h); }
    /// Gives the sink another event of this kind in the next round, after whoever else is ready has had a turn.
    void defer(event_sink& sink, std::uint32_t events) { deferred_.push_back({&sink, events}); }

    /// Throws when the kernel refuses.
    void add(int fd, std::uint32_t events, event_sink& sink);
    void remove(int fd, event_sink& sink) noexcept;

    timer_wheel& timers() noexcept { return timers_; }
    clock::time_point now() const noexcept { return now_; }
    /// The current time rather than that of this round, when it is measured.
    clock::time_point refresh_now() noexcept { return now_ = clock::now(); }

 private:
    void dispatch(int count);
    void run_ready();
    void run_deferred();
    void run_posted();
    int wait_time() const noexcept;

    unique_fd epoll_;
    unique_fd wake_;
    std::array<epoll_event, 256> events_{};
    int pending_{0};  // events of this round that wait for their turn
    int turn_{0};
    clock::time_point now_{clock::now()};
    timer_wheel timers_;
    std::vector<std::coroutine_handle<>> ready_, running_;
    struct turn {
        event_sink* sink;
        std::uint32_t events;
    };
    std::vector<turn> deferred_, deferred_now_;
    std::mutex mutex_;  // guards posted_
    std::vector<std::function<void()>> posted_;
    std::atomic<bool> stopping_{false};
};

}  // namespace gasper::router
