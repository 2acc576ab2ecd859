// The control plane's side of the tables: keeps the newest one, sends it to every subscriber on a Unix socket,
// writes it to disk (atomic replace), and knows which version each subscriber has applied. Runs on one executor;
// the file is written on a thread of its own.
//
// On the wire: publisher → subscriber, a 4-byte length, the 8-byte version (both big-endian), the table's JSON;
// subscriber → publisher, lines of JSON: {"subscriber":"router","pid":12,"applied":7} or {…,"refused":7,"reason":"…"}.
// The first line comes at once, with "applied":0; a version counts as applied only when it came over this connection. A
// subscriber that is slower than the publisher misses the tables between, never the newest. Lines may also carry a
// report (core/tables/report.hpp).
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "core/base/asio.hpp"
#include "core/base/blocking.hpp"
#include "core/base/deadline.hpp"
#include "core/base/log.hpp"
#include "core/base/task_scope.hpp"
#include "core/tables/report.hpp"
#include "core/tables/table.hpp"

namespace gasper {

struct subscriber_state {
    std::string name;
    int pid{0};
    std::uint64_t applied{0};
    std::uint64_t refused{0};  // the last version that it would not take
    std::string reason;        // why
};

/// What subscribers report, as it comes; any may be empty. Called on the publisher's executor; must not throw.
struct report_handlers {
    /// Requests wait for this app, which sleeps. Comes again every few seconds while they do.
    std::function<void(const std::string& app)> wake;
    /// The app, whose route has `sleep_after`, has had no request for so long. 0: it has one now.
    std::function<void(const std::string& app, std::chrono::milliseconds idle)> idle;
    /// Traffic of the app since the call before, of one subscriber: add up. At least every ten seconds while there is
    /// any, and once more when it has ended.
    std::function<void(const std::string& app, const app_traffic& more)> traffic;
};

class table_publisher {
 public:
    struct options {
        std::filesystem::path file;    // the newest table; versions go on from it after a restart
        std::filesystem::path socket;  // the feed, mode 0600; its directory exists
        std::size_t max_subscribers{64};
        std::chrono::milliseconds send_timeout{10'000};  // for one table; also for a subscriber's first line
    };

    /// Reads the file, if it is there.
    table_publisher(asio::any_io_executor executor, options chosen, logger& log);
    ~table_publisher();
    table_publisher(const table_publisher&) = delete;
    table_publisher& operator=(const table_publisher&) = delete;

    /// Accepts subscribers until cancelled. Throws when the socket cannot be made. Destroy the publisher only after
    /// it returned.
    task<> run();

    /// Gives `next` the next version and sends it; the file follows in the background. Returns the version.
    std::uint64_t publish(table next);

    /// True once every connected subscriber called `name` applied `version` or a later one, and at least one is
    /// connected. False at the deadline, and at once when one refuses the version.
    task<bool> applied(std::string name, std::uint64_t version, deadline until);

    /// True once `version` or a later one is in the file.
    task<bool> written(std::uint64_t version, deadline until);

    /// Requests, upgraded ones too, that subscribers called `name` still have with an instance ("192.0.2.1:5000",
    /// "[2001:db8::1]:5000") that the newest table no longer names. None: nobody can say, for none is connected, or one
    /// has not applied that table, or keeps no count.
    std::optional<std::uint64_t> in_flight(const std::string& name, const std::string& address) const;

    /// Waits until the newest table does not name the instance and in_flight() is 0: true. False at the deadline, and
    /// when for as long as `blind` nobody could say.
    task<bool> drained(std::string name, std::string address, std::chrono::milliseconds blind, deadline until);

    /// Sets the handlers that are not empty; the others stay.
    void on_report(report_handlers handlers);

    std::vector<subscriber_state> subscribers() const;
    /// None before the first table.
    std::shared_ptr<const table> current() const { return current_; }

 private:
    struct peer;
    using socket = asio::local::stream_protocol::socket;

    task<> accept(asio::local::stream_protocol::acceptor& from);
    task<> serve(std::shared_ptr<peer> to);
    task<> send(std::shared_ptr<peer> to);
    task<> receive(std::shared_ptr<peer> from);
    task<> hear_line(std::shared_ptr<peer> from);
    task<> write_file();
    task<> await_change(deadline until);
    bool hear(peer& from, std::string_view line);
    void hear_report(peer& from, feed_report report);
    bool names(const std::string& address) const;
    std::optional<std::uint64_t> in_flight(const std::string& name, const std::string& address,
                                           std::uint64_t since) const;
    std::optional<bool> all_applied(const std::string& name, std::uint64_t version) const;
    void notify();

    asio::any_io_executor executor_;
    options options_;
    logger& log_;
    task_scope scope_;
    blocking_pool disk_{"tables", 1};
    std::shared_ptr<const table> current_;
    std::shared_ptr<const std::string> json_;
    std::uint64_t written_{0};
    report_handlers handlers_;
    std::list<std::shared_ptr<peer>> peers_;
    std::list<asio::steady_timer*> waiting_;
};

}  // namespace gasper
