// Absolute deadlines. They are passed down unchanged; a function that awaits takes one.
#pragma once

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/asio.hpp"
#include "core/base/error.hpp"

namespace gasper {

class deadline {
 public:
    using clock = std::chrono::steady_clock;

    explicit deadline(clock::time_point at) noexcept : at_(at) {}
    static deadline after(clock::duration d) noexcept { return deadline(clock::now() + d); }

    clock::time_point at() const noexcept { return at_; }
    bool expired() const noexcept { return clock::now() >= at_; }
    clock::duration remaining() const noexcept { return std::max(clock::duration::zero(), at_ - clock::now()); }
    /// The earlier of this one and `d` from now.
    deadline sooner(clock::duration d) const noexcept { return deadline(std::min(at_, clock::now() + d)); }

 private:
    clock::time_point at_;
};

/// Awaits `work` and keeps its value.
template <class T>
task<> store_in(std::optional<T>& value, task<T> work) {
    value.emplace(co_await std::move(work));
}

/// Suspends until `at` or cancellation (throws operation_aborted).
task<> sleep_until(deadline at);

// What callers give temporaries to takes references, and is no coroutine itself: GCC 12 destroys a class temporary
// that is passed by value within a co_await expression twice (GCC bugs 99576, 107288).

/// True when `work` finished in time. At the deadline cancels it, waits for it to end, and returns false.
/// An exception of `work` passes through; cancellation of the caller reaches it.
task<bool> finishes_before(task<>&& work, deadline until);

namespace detail {

template <class T, class R>
task<R> with_deadline(task<T> work, deadline until, std::string what) {
    std::optional<T> value;
    const bool in_time = co_await gasper::finishes_before(store_in(value, std::move(work)), until);
    if (in_time) co_return std::move(*value);
    co_return fail(errc::deadline, "deadline", what + " took too long");
}

}  // namespace detail

/// Runs `work`; at the deadline cancels it, waits for it to end, and refuses with errc::deadline and `what`.
template <class T>
task<result<T>> with_deadline(task<T>&& work, deadline until, std::string_view what) {
    return detail::with_deadline<T, result<T>>(std::move(work), until, std::string(what));
}

/// The same for work that already returns a result: its refusal passes through.
template <class T>
task<result<T>> with_deadline(task<result<T>>&& work, deadline until, std::string_view what) {
    return detail::with_deadline<result<T>, result<T>>(std::move(work), until, std::string(what));
}

}  // namespace gasper
