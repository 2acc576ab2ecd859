#include "core/base/task_scope.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>

namespace gasper {

namespace {

bool is_cancellation(const std::exception_ptr& fault, std::string& what) {
    try {
        std::rethrow_exception(fault);
    } catch (const asio::multiple_exceptions& e) {  // both sides of an awaitable operator were cancelled
        return is_cancellation(e.first_exception(), what);
    } catch (const boost::system::system_error& e) {
        what = e.what();
        return e.code() == asio::error::operation_aborted;
    } catch (const std::exception& e) {
        what = e.what();
    } catch (...) {
        what = "unknown exception";
    }
    return false;
}

// co_spawn itself awaits once more after a task that never waited. When the task was cancelled by then, that would
// throw out of the one who runs the executor.
task<> to_its_end(task<> work) {
    std::exception_ptr fault;
    try {
        co_await std::move(work);
    } catch (...) {
        fault = std::current_exception();
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    if (fault) std::rethrow_exception(fault);
}

}  // namespace

task_scope::task_scope(asio::any_io_executor executor, fault_handler on_fault)
    : executor_(std::move(executor)), on_fault_(std::move(on_fault)), emptied_(executor_) {
    emptied_.expires_at(asio::steady_timer::time_point::max());
}

task_scope::~task_scope() {
    assert(running_.empty());
}

void task_scope::spawn(std::string name, task<> work) {
    if (cancelled_) return;
    auto at = running_.emplace(running_.end());
    at->name = std::move(name);
    auto done = [this, at](std::exception_ptr fault) {
        std::string what;
        if (fault && !is_cancellation(fault, what) && on_fault_) on_fault_(at->name, what);
        running_.erase(at);
        if (running_.empty()) emptied_.cancel();
    };
    asio::co_spawn(executor_, to_its_end(std::move(work)),
                   asio::bind_cancellation_slot(at->signal.slot(), std::move(done)));
}

void task_scope::cancel() {
    cancelled_ = true;
    for (auto at = running_.begin(); at != running_.end();) {
        auto next = std::next(at);  // the handler may end a task, and with it this entry
        at->signal.emit(asio::cancellation_type::terminal);
        at = next;
    }
}

task<> task_scope::join() {
    while (!running_.empty()) {
        boost::system::error_code ignored;
        co_await emptied_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
            throw boost::system::system_error(asio::error::operation_aborted);
    }
}

task<bool> task_scope::stop(deadline until) {
    cancel();
    co_return co_await finishes_before(join(), until);
}

}  // namespace gasper
