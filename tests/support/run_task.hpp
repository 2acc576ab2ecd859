// Runs one coroutine on an io_context of the test, to its end or to a deadline; other tasks of the same context
// run meanwhile. The deadline failing is a failed test, with an exception.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"

namespace gasper::test {

inline void run_task(asio::io_context& io, task<> work, std::chrono::seconds limit = std::chrono::seconds(10)) {
    std::optional<std::exception_ptr> end;
    auto done = [&end](std::exception_ptr fault) { end = std::move(fault); };
    asio::co_spawn(io, std::move(work), done);
    const auto until = deadline::after(limit);
    io.restart();
    while (!end && !until.expired())
        io.run_one_for(until.remaining());
    if (!end) throw std::runtime_error("the coroutine did not end in time");
    if (*end) std::rethrow_exception(*end);
}

template <class T>
T run_task(asio::io_context& io, task<T> work, std::chrono::seconds limit = std::chrono::seconds(10)) {
    std::optional<T> value;
    run_task(io, store_in(value, std::move(work)), limit);
    return std::move(*value);
}

/// Waits until `condition`, looking after each handler and each millisecond. False at the deadline.
inline bool run_until(asio::io_context& io, const std::function<bool()>& condition,
                      std::chrono::seconds limit = std::chrono::seconds(10)) {
    const auto until = deadline::after(limit);
    io.restart();
    while (!condition()) {
        if (until.expired()) return false;
        io.run_one_for(std::chrono::milliseconds(1));
        if (io.stopped()) io.restart();
    }
    return true;
}

}  // namespace gasper::test
