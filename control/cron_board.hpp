// What the scheduler of cron entries shares with those who change them. On the control executor.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>

#include "core/base/deadline.hpp"
#include "core/model/cron.hpp"

namespace gasper::control {

class cron_board {
 public:
    explicit cron_board(const asio::any_io_executor& executor) : changed_(executor) {}

    /// Entries or releases changed: look again.
    void wake() {
        woken_ = true;
        changed_.cancel();
    }
    /// Until then, or until somebody wakes it.
    task<> wait(deadline until);

    std::function<sys_time()> clock{&gasper::now};
    std::map<cron_id, job_id> last;          // the run that an entry began last
    std::map<cron_id, sys_time> dealt_with;  // until then, by a clock that went back since
    std::uint64_t rounds{0};                 // how often every entry was looked at

 private:
    asio::steady_timer changed_;
    bool woken_{false};
};

}  // namespace gasper::control
