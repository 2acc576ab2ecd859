// The pauses of a follower that tries again: 100 ms … 2 s, from the start again after success. One coroutine's own.
#pragma once

#include <algorithm>
#include <chrono>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"

namespace gasper {

class backoff {
 public:
    task<> wait() {
        const auto now = next_;
        next_ = std::min<std::chrono::milliseconds>(next_ * 2, std::chrono::seconds(2));
        co_await sleep_until(deadline::after(now));
    }
    void reset() { next_ = std::chrono::milliseconds(100); }

 private:
    std::chrono::milliseconds next_{100};
};

}  // namespace gasper
