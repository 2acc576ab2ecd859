// What the router answers itself, and the wait for an app that sleeps.
#include "router/exchange.hpp"

namespace gasper::router {

void exchange::blame(const trouble& what) noexcept {
    record_.code = what.code;
    record_.what = what.what;
    if (record_.status == 0) record_.status = what.status;
    keep_alive_ = false;
}

co<> exchange::answer(const trouble& what, int status, std::string_view reason) {
    if (!upload_.done() || context_.draining) keep_alive_ = false;
    record_.what = reason.empty() ? what.what : reason;
    memory_.response_head = render_page(what, reason, record_.request_id, {status, is_head_, keep_alive_});
    co_await send_page(what, status);
}

// The map keeps the page.
co<> exchange::answer_maintenance(std::shared_ptr<const route_map> map, const app_route& route) {
    if (route.maintenance_page.empty()) co_return co_await answer(troubles::maintenance);
    if (!upload_.done() || context_.draining) keep_alive_ = false;
    const auto& what = troubles::maintenance;
    record_.what = what.what;
    memory_.response_head = render_page(route.maintenance_page, {what.status, is_head_, keep_alive_, what.retry_after});
    map.reset();
    co_await send_page(what, what.status);
}

co<> exchange::send_page(const trouble& what, int status) {
    if (upload_.done()) input_.consume(std::exchange(first_part_, 0));
    record_.code = what.code;
    record_.status = status;
    const auto sent = co_await client_.write(memory_.response_head, in(context_.settings.body_timeout));
    record_.bytes += sent.size;
    if (sent.error != 0) keep_alive_ = false;
}

// True: look at the newest table. The request's body, but for what came with the head, stays with the client meanwhile.
co<bool> exchange::wake(std::shared_ptr<app_state> app) {
    admission_.leave();  // it fell asleep again before it answered
    if (app->waiting.load(std::memory_order_relaxed) >= context_.settings.max_waiting) {
        co_await answer(troubles::backlog);
        co_return false;
    }
    if (input_.empty()) input_.release();
    auto how = waiting_room::outcome::left;
    {
        waiting_room::guest place(context_.waiting, app, memory_.host, started_ + context_.settings.wake_timeout);
        context_.reports.wake(app);
        waiting_ = &place;
        how = co_await place;
        waiting_ = nullptr;
    }
    if (how == waiting_room::outcome::let_in) {
        admission_.take(context_.waiting, std::move(app));
        co_return true;
    }
    if (how == waiting_room::outcome::too_late) co_await answer(troubles::boot_timeout);
    co_return false;
}

}  // namespace gasper::router
