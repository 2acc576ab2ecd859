// A dump on its way from a client to a job: one piece at a time, the writer waits until it is taken. Belongs to the
// control executor; both ends hold it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <string>

#include "core/base/asio.hpp"
#include "core/base/error.hpp"

namespace gasper::control {

class dump_pipe {
 public:
    explicit dump_pipe(const asio::any_io_executor& executor) : changed_(executor) {
        changed_.expires_at(asio::steady_timer::time_point::max());
    }

    /// Waits for room. False: nobody reads any more.
    task<bool> put(std::string piece);
    /// `whole`: everything was put. Otherwise the reader is refused: the client went away.
    void end(bool whole);

    /// Waits. Empty: the end.
    task<result<std::string>> take();
    /// Nobody takes any more.
    void close_reader();

 private:
    task<> wait();

    asio::steady_timer changed_;
    std::string piece_;
    bool full_{false}, ended_{false}, whole_{false}, unread_{false};
};

}  // namespace gasper::control
