// One immutable value that many threads read and one replaces. A reader takes the pointer once per
// request and keeps a consistent view for as long as it holds it.
#pragma once

#include <atomic>
#include <memory>

namespace gasper {

template <class T>
class snapshot {
 public:
    using pointer = std::shared_ptr<const T>;

    explicit snapshot(pointer first = std::make_shared<const T>()) : value_(std::move(first)) {}

    pointer get() const noexcept { return value_.load(std::memory_order_acquire); }
    void set(pointer next) noexcept { value_.store(std::move(next), std::memory_order_release); }

 private:
    std::atomic<pointer> value_;
};

}  // namespace gasper
