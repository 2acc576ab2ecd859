#include "router/app_state.hpp"

#include <algorithm>

namespace gasper::router {

namespace {

/// Only the worker's thread writes: no locked instruction is needed.
template <class N>
void add(std::atomic<N>& to, N n = 1) noexcept {
    to.store(to.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

std::size_t bucket_of(clock::duration took) noexcept {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(took).count();
    const auto at = std::lower_bound(latency_bounds_ms.begin(), latency_bounds_ms.end(), ms);
    return static_cast<std::size_t>(at - latency_bounds_ms.begin());
}

}  // namespace

app_state::app_state(std::string name, unsigned workers)
    : name_(std::move(name)), known_since_(clock::now()), workers_(workers) {}

app_state::~app_state() {
    for (auto& w : workers_)
        delete w.load();
}

app_state::counters& app_state::of_worker(unsigned worker) {
    auto& mine = workers_[worker];
    auto* made = mine.load(std::memory_order_relaxed);
    if (!made) mine.store(made = new counters, std::memory_order_release);
    return *made;
}

app_traffic app_state::count() const {
    app_traffic sum;
    std::uint64_t begun = 0;
    for (const auto& w : workers_) {
        const auto* c = w.load(std::memory_order_acquire);
        if (!c) continue;
        sum.requests += c->ended;  // before `begun`: in flight must not come out below zero
        begun += c->begun;
        for (std::size_t i = 0; i < sum.by_class.size(); ++i)
            sum.by_class[i] += c->by_class[i];
        for (std::size_t i = 0; i < sum.latency.size(); ++i)
            sum.latency[i] += c->latency[i];
        sum.latency_us += c->latency_us;
        sum.bytes_out += c->bytes_out;
    }
    sum.in_flight = static_cast<std::uint32_t>(begun - sum.requests);
    return sum;
}

clock::duration app_state::idle(clock::time_point now) const {
    auto last = known_since_;
    for (const auto& w : workers_) {
        const auto* c = w.load(std::memory_order_acquire);
        if (!c) continue;
        if (c->begun != c->ended) return clock::duration::zero();
        last = std::max(last, clock::time_point(clock::duration(c->last_use)));
    }
    return std::max(clock::duration::zero(), now - last);
}

void counted_request::begin(std::shared_ptr<app_state> app, unsigned worker, clock::time_point now) {
    if (app_) return;
    counters_ = &app->of_worker(worker);
    app_ = std::move(app);
    begun_ = now;
    counters_->last_use.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    add<std::uint64_t>(counters_->begun);
}

void counted_request::end(std::size_t status_class, clock::duration took, std::uint64_t bytes, bool untimed) noexcept {
    if (!app_) return;
    add<std::uint64_t>(counters_->by_class[status_class]);
    if (bytes > 0) add(counters_->bytes_out, bytes);
    if (!untimed) {
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
        add(counters_->latency_us, static_cast<std::uint64_t>(us));
        add<std::uint64_t>(counters_->latency[bucket_of(took)]);
    }
    const auto now = (begun_ + took).time_since_epoch().count();
    counters_->last_use.store(std::max(counters_->last_use.load(std::memory_order_relaxed), now),
                              std::memory_order_relaxed);
    add<std::uint64_t>(counters_->ended);
    app_.reset();
}

}  // namespace gasper::router
