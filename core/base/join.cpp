#include "core/base/join.hpp"

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

}  // namespace gasper
