#include "core/base/join.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

namespace gasper {

task<> join_or_cancel(task_scope& work) {
    std::exception_ptr interrupted;
    try {
        co_await work.join();
    } catch (...) {
        interrupted = std::current_exception();
    }
    if (!interrupted) co_return;
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    work.cancel();
    co_await work.join();
    std::rethrow_exception(interrupted);
}

namespace {

task<> run_pair(task<> left, task<> right) {
    auto executor = co_await asio::this_coro::executor;
    const auto [order, of_left, of_right] =
        co_await asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(left), asio::deferred),
                                                         asio::co_spawn(executor, std::move(right), asio::deferred))
            .async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
    const auto& first = order[0] == 0 ? of_left : of_right;
    const auto& second = order[0] == 0 ? of_right : of_left;
    if (first) std::rethrow_exception(first);
    if (second) std::rethrow_exception(second);
}

}  // namespace

task<> run_both(task<>&& left, task<>&& right) {
    return run_pair(std::move(left), std::move(right));
}

}  // namespace gasper
