// The time by which things grow old. A wall clock may be wrong for a while, and what is removed by age does not come
// back: one that runs ahead of the time that went by is believed only when it has done so for a day. A value on its
// caller's clocks.
#pragma once

#include <chrono>
#include <optional>

namespace gasper {

class aging_clock {
 public:
    using wall_time = std::chrono::sys_time<std::chrono::nanoseconds>;
    using ticks = std::chrono::steady_clock;
    static constexpr std::chrono::minutes slack{5};  // that is set right without any doubt
    static constexpr std::chrono::hours patience{24};

    /// What time it is for what is kept by age. Never later than the wall clock.
    wall_time at(wall_time wall, ticks::time_point now = ticks::now()) {
        const auto expected = known_ ? known_->wall + (now - known_->when) : wall;
        if (wall <= expected + slack) {
            ahead_since_.reset();
        } else {
            if (!ahead_since_) ahead_since_ = now;
            if (now - *ahead_since_ < patience) return expected;
        }
        known_ = {wall, now};
        return wall;
    }

 private:
    struct pair {
        wall_time wall;
        ticks::time_point when;
    };
    std::optional<pair> known_;
    std::optional<ticks::time_point> ahead_since_;
};

}  // namespace gasper
