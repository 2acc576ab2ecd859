// One immutable value that many threads read and one replaces. A reader takes the pointer once per
// request and keeps a consistent view for as long as it holds it.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace gasper {

// Not a std::atomic<std::shared_ptr>: the load() of GCC 12's library gives its lock back with a relaxed store, so that
// a store() may begin before the pointer has been read.
template <class T>
class snapshot {
 public:
    using pointer = std::shared_ptr<const T>;

    explicit snapshot(pointer first = std::make_shared<const T>()) : value_(std::move(first)) {}

    pointer get() const noexcept {
        const std::lock_guard held(mutex_);
        return value_;
    }
    void set(pointer next) noexcept {
        const std::lock_guard held(mutex_);
        value_.swap(next);  // what was there goes after the lock
    }

 private:
    mutable std::mutex mutex_;
    pointer value_;
};

}  // namespace gasper
