#include "router/reporter.hpp"

#include <algorithm>

namespace gasper::router {

namespace {

template <std::size_t N>
void subtract(std::array<std::uint64_t, N>& from, const std::array<std::uint64_t, N>& what) {
    for (std::size_t i = 0; i < N; ++i)
        from[i] -= what[i];
}

app_traffic difference(app_traffic now, const app_traffic& before) {
    now.requests -= before.requests;
    now.latency_us -= before.latency_us;
    now.bytes_out -= before.bytes_out;
    subtract(now.by_class, before.by_class);
    subtract(now.latency, before.latency);
    return now;
}

}  // namespace

void reporter::wake(const std::shared_ptr<app_state>& app) {
    bool first = false;
    {
        std::lock_guard lock(mutex_);
        first = asked_.try_emplace(app.get(), asked_app{app}).second;
    }
    if (first) announce();
}

void reporter::applied(std::shared_ptr<const route_map> routes, const std::vector<std::shared_ptr<upstream>>& gone,
                       std::shared_ptr<const std::atomic<unsigned>> workers_behind) {
    for (const auto& u : gone)
        leaving_.push_back({u, workers_behind});
    for (auto& app : routes->left_since(*routes_))
        left_.push_back(std::move(app));
    any_tells_idle_ = std::ranges::any_of(routes->all(), [](const auto& r) { return r->tells_idle; });
    {
        // Whoever comes after this app has gone to sleep again asks anew, at once.
        std::lock_guard lock(mutex_);
        for (const auto& r : routes->all())
            if (!r->must_wake()) asked_.erase(r->state.get());
    }
    routes_ = std::move(routes);
}

leaving_instances reporter::gather_leaving() {
    leaving_instances now;
    std::erase_if(leaving_, [&now](const leaving_instance& l) {
        // In this order: a worker that is behind may take one more request, one that is not takes none.
        const bool behind = l.workers_behind->load() != 0;
        const auto n = std::max<std::uint64_t>(l.instance->outstanding.load(), behind ? 1 : 0);
        if (n != 0) now.in_flight[l.instance->address_text()] += n;
        return n == 0;
    });
    return now;
}

void reporter::gather_wakes(clock::time_point now, bool anew, feed_report& out) {
    std::lock_guard lock(mutex_);
    for (auto at = asked_.begin(); at != asked_.end();) {
        auto& asked = at->second;
        const bool due = anew || now - asked.said >= wake_interval;
        if (due && asked.said != clock::time_point() && asked.app->waiting.load() == 0) {
            at = asked_.erase(at);
            continue;
        }
        if (due) {
            asked.said = now;
            out.wake.insert(asked.app->name());
        }
        ++at;
    }
}

void reporter::gather_idle(clock::time_point now, feed_report& out) {
    if (!any_tells_idle_ || now - idle_said_ < idle_interval) return;
    idle_said_ = now;
    for (const auto& r : routes_->all())
        if (r->tells_idle && !r->asleep)
            out.idle[r->app] = std::chrono::duration_cast<std::chrono::milliseconds>(r->state->idle(now));
}

void reporter::gather_traffic_of(const app_state& app, feed_report& out) {
    const auto now = app.count();
    if (now == app_traffic()) return;  // most apps of a large platform, most of the time
    auto& said = said_traffic_[&app];
    if (now == said.handed_out) return;
    out.traffic[app.name()] += difference(now, said.handed_out);
    said.handed_out = now;
}

void reporter::gather_traffic(clock::time_point now, bool anew, feed_report& out) {
    if (anew)  // what was handed out for a connection that broke comes again
        for (auto& [app, said] : said_traffic_)
            said.handed_out = said.written;
    if (!anew && now - traffic_said_ < traffic_interval) return;
    traffic_said_ = now;
    for (const auto& r : routes_->all())
        gather_traffic_of(*r->state, out);
    std::erase_if(left_, [&](const auto& app) {
        gather_traffic_of(*app, out);
        const auto said = said_traffic_.find(app.get());
        if (said == said_traffic_.end()) return true;
        const bool done = said->second.written == app->count() && said->second.written.in_flight == 0;
        if (done) said_traffic_.erase(app.get());
        return done;
    });
}

feed_report reporter::next_report(bool anew) {
    feed_report out;
    const auto now = clock::now();
    auto leaving = gather_leaving();
    if (anew || leaving != said_leaving_) out.leaving = leaving;
    said_leaving_ = std::move(leaving);
    gather_wakes(now, anew, out);
    gather_idle(now, out);
    gather_traffic(now, anew, out);
    return out;
}

void reporter::reported() {
    for (auto& [app, said] : said_traffic_)
        said.written = said.handed_out;
}

clock::time_point reporter::next_due() const {
    auto due = traffic_said_ + traffic_interval;
    if (!leaving_.empty()) due = std::min(due, clock::now() + leaving_interval);
    if (any_tells_idle_) due = std::min(due, idle_said_ + idle_interval);
    std::lock_guard lock(mutex_);
    for (const auto& [app, asked] : asked_)
        due = std::min(due, asked.said + wake_interval);
    return due;
}

}  // namespace gasper::router
