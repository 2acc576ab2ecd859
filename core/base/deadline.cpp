#include "core/base/deadline.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/multiple_exceptions.hpp>

namespace gasper {

task<> sleep_until(deadline at) {
    asio::steady_timer timer(co_await asio::this_coro::executor, at.at());
    co_await timer.async_wait(asio::use_awaitable);
}

namespace {

// What awaitable operators inside `work` wrap is what callers wait for: their cancellation is operation_aborted.
[[noreturn]] void rethrow(const std::exception_ptr& fault) {
    try {
        std::rethrow_exception(fault);
    } catch (const asio::multiple_exceptions& e) {
        std::rethrow_exception(e.first_exception());
    }
}

// Not awaitable_operators' `||`: that one waits for a success, so a fault of `work` would wait for the timer, and
// cancellation would come out as multiple_exceptions.
task<bool> race(task<> work, deadline until) {
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, until.at());
    const auto [order, fault, timer_ended] =
        co_await asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(work), asio::deferred),
                                                         timer.async_wait(asio::deferred))
            .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    // A timer that was cancelled is the caller's cancellation: `work` heard it too, and its end is what counts.
    if (order[0] == 1 && !timer_ended) co_return false;
    if (fault) rethrow(fault);
    co_return true;
}

}  // namespace

task<bool> finishes_before(task<>&& work, deadline until) {
    return race(std::move(work), until);
}

}  // namespace gasper
