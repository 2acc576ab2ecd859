// So many bytes a second, with a burst. A value on a caller's clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace gasper::control {

class byte_budget {
 public:
    using clock = std::chrono::steady_clock;

    byte_budget(double per_second, double burst) : rate_(per_second), burst_(burst), left_(burst) {}

    /// Takes them if they are there.
    bool take(std::size_t bytes, clock::time_point now) {
        refill(now);
        if (left_ < static_cast<double>(bytes)) return false;
        left_ -= static_cast<double>(bytes);
        return true;
    }

    /// Takes them in any case: how long until the debt is paid.
    std::chrono::milliseconds spend(std::size_t bytes, clock::time_point now) {
        refill(now);
        left_ -= static_cast<double>(bytes);
        if (left_ >= 0) return std::chrono::milliseconds(0);
        return std::chrono::milliseconds(1 + static_cast<std::int64_t>(-left_ / rate_ * 1000));
    }

 private:
    void refill(clock::time_point now) {
        if (last_ != clock::time_point{})
            left_ = std::min(burst_, left_ + rate_ * std::chrono::duration<double>(now - last_).count());
        last_ = now;
    }

    double rate_, burst_, left_;
    clock::time_point last_{};
};

}  // namespace gasper::control
