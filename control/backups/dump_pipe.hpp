// A dump on its way from one coroutine to another: each does its own work meanwhile, and what waits between them is
// bounded. Small pieces become large ones. Belongs to the control executor; both ends hold it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <optional>
#include <string>

#include "core/base/asio.hpp"
#include "core/base/error.hpp"

namespace gasper::control {

class dump_pipe {
 public:
    static constexpr std::size_t room = 1u << 20;          // what waits; the piece that fills it may go beyond
    static constexpr std::size_t worthwhile = 256u << 10;  // what a reader waits for, but at the end

    explicit dump_pipe(const asio::any_io_executor& executor) : changed_(executor) {
        changed_.expires_at(asio::steady_timer::time_point::max());
    }

    /// Waits for room. False: nobody reads any more.
    task<bool> put(std::string piece);
    /// Everything was put.
    void end();
    /// It breaks off: the reader gets what was put until then, and is refused. Nothing when it ended before.
    void break_off(error why);

    /// Waits until the dump is on its way: there was a piece worth its while, or it ended. False: it broke off.
    task<bool> begun();

    /// Waits. Empty: the end.
    task<result<std::string>> take();
    /// Nobody takes any more.
    void close_reader();

 private:
    task<> wait();

    asio::steady_timer changed_;
    std::string waiting_;
    std::optional<result<>> ended_;
    bool begun_{false}, unread_{false};
};

}  // namespace gasper::control
