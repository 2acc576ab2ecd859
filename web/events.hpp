// Server-sent events between the coroutine that produces them and the one that writes them to a socket: a bounded
// buffer of already formatted bytes. A reader that is too slow overflows it: then the stream ends without its end
// event, and the client comes back with Last-Event-ID. One executor, no locks.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <string>
#include <string_view>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"

namespace gasper::web {

struct event {
    std::string_view name;  // empty: "message"
    std::string_view id;    // empty: none
    std::string_view data;
};

/// The WHATWG HTML "event stream" form. Line ends in data become several data lines; bytes that are not UTF-8 become
/// U+FFFD.
std::string format_event(const event& e);

/// `text` with each ill-formed byte sequence replaced by U+FFFD.
std::string to_utf8(std::string_view text);

class event_queue {
 public:
    explicit event_queue(asio::any_io_executor executor, std::size_t limit = 8u << 20);
    event_queue(const event_queue&) = delete;
    event_queue& operator=(const event_queue&) = delete;

    /// False when the queue has overflowed: nothing more will be written.
    bool push(const event& e);
    /// No more events.
    void close();

    /// The bytes to write next. At `until` without any: a comment, the heartbeat. Empty: closed and written out.
    task<std::string> take(deadline until);

    bool overflowed() const noexcept { return overflowed_; }

 private:
    std::string pending_;
    std::size_t limit_;
    bool closed_{false};
    bool overflowed_{false};
    asio::steady_timer changed_;
};

}  // namespace gasper::web
