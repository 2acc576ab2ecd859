// Coroutines of one event loop: co<T> is awaited once by the coroutine that made it, side_task runs beside it, and
// root is what the loop's owner starts. Leaner than Asio's awaitable (no executor, no cancellation slot, no type-erased
// handler per await): a request costs four to six awaits, and that is what the router's CPU time is made of.
// Everything here belongs to the thread of its loop.
//
// GCC 12 lays out the frame wrongly when a co<T> is awaited inside the condition of an `if` or a loop (the promise is
// no longer where the handle expects it): await into a variable first, then test that.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "router/io/event_loop.hpp"

namespace gasper::router {

namespace detail {

struct promise_base {
    std::coroutine_handle<> parent;
    std::exception_ptr fault;
    bool parent_waits{false};

    std::suspend_always initial_suspend() noexcept { return {}; }
    void unhandled_exception() noexcept { fault = std::current_exception(); }

    struct back_to_parent {
        bool await_ready() const noexcept { return false; }
        template <class P>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) const noexcept {
            // A child that ended before its parent suspended is picked up by the parent itself: a loop of awaits that
            // are all ready at once must not deepen the stack, whether or not the compiler makes tail calls.
            auto& p = h.promise();
            return p.parent_waits ? p.parent : std::coroutine_handle<>(std::noop_coroutine());
        }
        void await_resume() const noexcept {}
    };
    back_to_parent final_suspend() noexcept { return {}; }
};

template <class T>
struct promise : promise_base {
    std::optional<T> value;
    template <class U>
    void return_value(U&& v) {
        value.emplace(std::forward<U>(v));
    }
    T take() { return std::move(*value); }
};

template <>
struct promise<void> : promise_base {
    void return_void() noexcept {}
    void take() noexcept {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] co {
 public:
    struct promise_type : detail::promise<T> {
        co get_return_object() { return co(std::coroutine_handle<promise_type>::from_promise(*this)); }
    };

    co(co&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    co& operator=(co&&) = delete;
    ~co() {
        if (handle_) handle_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> parent) {
        auto& p = handle_.promise();
        p.parent = parent;
        handle_.resume();
        if (handle_.done()) return false;
        p.parent_waits = true;
        return true;
    }
    T await_resume() {
        auto& p = handle_.promise();
        if (p.fault) std::rethrow_exception(p.fault);
        return p.take();
    }

 private:
    explicit co(std::coroutine_handle<promise_type> h) noexcept : handle_(h) {}
    std::coroutine_handle<promise_type> handle_;
};

/// A coroutine that runs at once and frees itself. Its body must catch everything; its owner must know when it ended.
struct root {
    struct promise_type {
        root get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
    };
};

/// Work beside the coroutine that owns this object. Must be joined before it is destroyed.
class side_task {
 public:
    explicit side_task(event_loop& loop) noexcept : loop_(loop) {}
    side_task(const side_task&) = delete;
    side_task& operator=(const side_task&) = delete;
    ~side_task() {
        if (running_) std::terminate();
    }

    void start(co<> work) {
        running_ = true;
        run(*this, std::move(work));
    }
    bool running() const noexcept { return running_; }

    /// Waits for the end; rethrows what the work threw.
    auto join() noexcept {
        struct awaiter {
            side_task& of;
            bool await_ready() const noexcept { return !of.running_; }
            void await_suspend(std::coroutine_handle<> h) const noexcept { of.waiter_ = h; }
            void await_resume() const {
                if (of.fault_) std::rethrow_exception(std::exchange(of.fault_, nullptr));
            }
        };
        return awaiter{*this};
    }

 private:
    static root run(side_task& self, co<> work) {
        try {
            co_await std::move(work);
        } catch (...) {
            self.fault_ = std::current_exception();
        }
        self.running_ = false;
        if (self.waiter_) self.loop_.schedule(std::exchange(self.waiter_, nullptr));
    }

    event_loop& loop_;
    std::coroutine_handle<> waiter_;
    std::exception_ptr fault_;
    bool running_{false};
};

}  // namespace gasper::router
