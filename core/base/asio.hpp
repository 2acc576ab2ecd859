// Asio as every folder uses it: one alias for the namespace, one for coroutines.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gasper {

namespace asio = boost::asio;

/// A coroutine. Take parameters by value, or by references that the owning task_scope outlives.
template <class T = void>
using task = asio::awaitable<T>;

}  // namespace gasper
