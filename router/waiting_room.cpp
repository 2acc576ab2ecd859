#include "router/waiting_room.hpp"

namespace gasper::router {

waiting_room::guest::guest(waiting_room& room, std::shared_ptr<app_state> app, std::string_view host,
                           clock::time_point until)
    : room_(room), app_(std::move(app)), host_(host) {
    auto& q = room_.queues_[app_.get()];
    q.open = false;  // it sleeps: or nobody would wait
    at_ = q.waiting.insert(q.waiting.end(), this);
    app_->waiting.fetch_add(1, std::memory_order_relaxed);
    room_.loop_.timers().set(*this, until, room_.loop_.now());
}

waiting_room::guest::~guest() {
    end(outcome::left);
    room_.loop_.timers().remove(*this);
}

void waiting_room::guest::end(outcome how) {
    if (outcome_ != outcome::waits) return;
    outcome_ = how;
    room_.loop_.timers().clear(*this);
    app_->waiting.fetch_sub(1, std::memory_order_relaxed);
    auto& q = room_.queues_[app_.get()];
    q.waiting.erase(at_);
    if (how == outcome::let_in) ++q.inside;
    room_.drop_if_done(app_.get());
    if (waiter_) room_.loop_.schedule(std::exchange(waiter_, nullptr));
}

void waiting_room::let_in(const route_map& routes) {
    const auto until = loop_.now() + answer_time_;
    for (auto at = queues_.begin(); at != queues_.end();) {
        auto& q = (at++)->second;  // the last guest may take its queue along
        if (q.waiting.empty()) continue;
        const auto* route = routes.find(q.waiting.front()->host_);
        q.open = !route || !route->must_wake();
        if (!q.open) continue;
        // They are not waiting for the app's start any more, but for their turn.
        for (auto* g : q.waiting)
            loop_.timers().set(*g, until, loop_.now());
        admit(q);
    }
}

void waiting_room::admit(queue& q) {
    while (q.open && q.inside < at_once && !q.waiting.empty())
        q.waiting.front()->end(outcome::let_in);
}

void waiting_room::answered(const app_state& app) noexcept {
    const auto at = queues_.find(&app);
    if (at == queues_.end()) return;
    --at->second.inside;
    admit(at->second);
    drop_if_done(&app);
}

void waiting_room::drop_if_done(const app_state* app) {
    const auto at = queues_.find(app);
    if (at != queues_.end() && at->second.waiting.empty() && at->second.inside == 0) queues_.erase(at);
}

}  // namespace gasper::router
