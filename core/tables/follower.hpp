// The data plane's side of the tables: takes a table from a file, anew whenever the file is replaced, or from
// the control plane's feed with the file as the last known table. Runs on one executor; files are read and written,
// and tables parsed, on a thread of its own, so that the executor goes on serving. Its owner keeps it alive until
// run() has returned.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "core/base/asio.hpp"
#include "core/base/blocking.hpp"
#include "core/base/deadline.hpp"
#include "core/base/log.hpp"
#include "core/tables/report_source.hpp"
#include "core/tables/table.hpp"

namespace gasper {

struct follower_options {
    /// The table file. Without a feed it is watched; with one it is read at start and written after each table.
    /// Empty (with a feed): nothing is kept.
    std::filesystem::path file;
    /// The feed's Unix socket; empty: none.
    std::filesystem::path feed;
    /// How the subscriber is called in the publisher's books: "router", "dns".
    std::string subscriber;
};

class table_follower {
 public:
    /// Applies one table; when it returns, the version counts as applied. A refusal keeps the table before it.
    using apply_function = std::function<result<>(std::shared_ptr<const table>)>;

    table_follower(asio::any_io_executor executor, follower_options options, logger& log, apply_function apply);
    table_follower(const table_follower&) = delete;
    table_follower& operator=(const table_follower&) = delete;

    /// Reads the file once, now, blocking: so that a server can start with its last table before it listens.
    /// Without a file this is no error; with one that is refused, it is.
    result<> load();

    /// Follows until cancelled (then throws operation_aborted). Reconnects to the feed for ever.
    task<> run();

    /// Reports go over the feed from here on; `from` outlives run(). Call before it.
    void report_from(report_source& from) { reports_ = &from; }
    /// There is something to report. Many calls within report_interval make one report.
    void report_soon();
    static constexpr std::chrono::milliseconds report_interval{5};

    /// The version applied last; 0 before the first.
    std::uint64_t applied() const noexcept { return applied_; }

 private:
    using socket = asio::local::stream_protocol::socket;

    task<> watch_file();
    task<> follow_changes(int inotify);
    task<> reread();
    task<> follow_feed();
    task<bool> follow_connection();
    task<> read_tables(socket& feed, bool& any);
    task<> write_lines(socket& feed);
    task<> write_waiting(socket& feed);
    void prepare_report();
    void say(std::string line);
    struct frame {
        std::uint64_t version;
        std::string json;
    };
    task<frame> read_frame(socket& from);
    task<> keep(const std::string& json);
    task<result<>> take(const std::string& json);
    result<> apply(result<table> parsed);
    bool seen(const std::string& json);

    asio::any_io_executor executor_;
    follower_options options_;
    logger& log_;
    apply_function apply_;
    blocking_pool disk_{"tables", 1};
    std::uint64_t applied_{0};
    report_source* reports_{nullptr};
    std::deque<std::string> lines_;  // to be written
    bool anew_{true};                // nothing was reported over this connection yet
    bool prepared_{false};           // a report is among the lines
    deadline::clock::time_point report_asked_{}, report_due_{};
    asio::steady_timer writing_{executor_};  // woken by a line
    std::optional<std::size_t> seen_;        // a hash of the file's content taken last, refused or not
};

}  // namespace gasper
