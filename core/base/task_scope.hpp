// The owner of running coroutines: nothing is detached. A scope can be cancelled and awaited, and must be
// empty when it is destroyed. All calls come from the scope's executor, which runs one handler at a time.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <string>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"

namespace gasper {

class task_scope {
 public:
    /// `on_fault(name, what)` hears of an exception that left a task; cancellation is no fault.
    using fault_handler = std::function<void(const std::string& name, const std::string& what)>;

    task_scope(asio::any_io_executor executor, fault_handler on_fault);
    task_scope(const task_scope&) = delete;
    task_scope& operator=(const task_scope&) = delete;
    ~task_scope();

    /// Starts `work` now. After cancel() new work is refused: it is destroyed unstarted.
    void spawn(std::string name, task<> work);

    /// Asks every task to stop: their pending operations end with operation_aborted.
    void cancel();

    /// Waits until no task is left. Does not cancel.
    task<> join();

    /// cancel() and join(), bounded: false when tasks were still running at the deadline.
    task<bool> stop(deadline until);

    std::size_t size() const noexcept { return running_.size(); }
    bool cancelled() const noexcept { return cancelled_; }
    asio::any_io_executor executor() const { return executor_; }

 private:
    struct entry {
        std::string name;
        asio::cancellation_signal signal;
    };

    asio::any_io_executor executor_;
    fault_handler on_fault_;
    std::list<entry> running_;
    asio::steady_timer emptied_;
    bool cancelled_{false};
};

}  // namespace gasper
