// From one executor to another and back: a door's coroutine awaits control's work there, and resumes here. Cancelling
// here cancels the work there. Boost 1.81's own co_spawn does the same with a signal that the caller's frame
// owns, which a late cancellation outlives; this one shares it.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "core/base/asio.hpp"

namespace gasper::receiver {

namespace detail {

template <class T>
struct start_hop {
    asio::any_io_executor there, here;

    template <class Handler>
    void operator()(Handler handler, task<T> work) {
        auto signal = std::make_shared<asio::cancellation_signal>();
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
            slot.assign([to = there, signal](asio::cancellation_type) {
                asio::post(to, [signal] { signal->emit(asio::cancellation_type::terminal); });
            });
        }
        auto back = [to = here, signal, h = std::move(handler)](std::exception_ptr fault, T value) mutable {
            asio::post(
                to, [h = std::move(h), fault, v = std::move(value)]() mutable { std::move(h)(fault, std::move(v)); });
        };
        // Begun by a post: the work starts on the other executor, whatever thread we are on.
        asio::post(there, [to = there, signal, w = std::move(work), b = std::move(back)]() mutable {
            asio::co_spawn(to, std::move(w), asio::bind_cancellation_slot(signal->slot(), std::move(b)));
        });
    }
};

}  // namespace detail

/// Runs `work`, which must hold everything it needs by value, on `there`.
template <class T>
task<T> hop(asio::any_io_executor there, task<T> work) {
    auto here = co_await asio::this_coro::executor;
    detail::start_hop<T> start{std::move(there), std::move(here)};
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, T)>(
        std::move(start), asio::use_awaitable, std::move(work));
}

}  // namespace gasper::receiver
