// Follows one container's output into its app's log, to the container's end and over restarts of the engine and of
// this program: each kept line carries its place, and the next reader goes on behind the newest. What comes faster
// than the app's rate is dropped and counted; a reader that falls behind a flood skips to what is said now, so that a
// flood costs this process a bounded part of a core and no memory.
// Runs on the control executor.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/logs/byte_budget.hpp"
#include "core/base/log.hpp"
#include "core/logs/store.hpp"
#include "runtime/cluster.hpp"

namespace gasper::control {

/// What the instances of one app share.
struct log_flow {
    explicit log_flow(double per_second) : kept(per_second, 4 * per_second), read(4 * per_second, 8 * per_second) {}

    byte_budget kept;          // of live lines
    byte_budget read;          // from the engine, kept or not
    std::uint64_t dropped{0};  // since it was last said
    bool saying{false};        // it will be said within the second
};

class log_collector {
 public:
    struct wiring {
        asio::any_io_executor executor;
        runtime::cluster& cluster;
        log_store& store;
        logger& log;
        /// The container runs, or may run again.
        std::function<bool(const std::string& container)> lives;
        /// Lines were dropped: it is to be said.
        std::function<void(const std::string& app)> on_drop;
    };

    log_collector(wiring w, runtime::observed_instance instance, std::shared_ptr<log_flow> flow);

    /// Until the container has ended and was read to its end.
    task<> run();
    /// Looks again at once, should it be waiting before it does.
    void hurry() { pause_.cancel(); }

 private:
    struct position {
        log_place kept{};    // where an earlier following ended
        bool passed{false};  // what comes now is behind it
        log_place now{};     // of the line read last in this following
    };

    task<> resume();
    runtime::log_options how_to_follow();
    log_time since() const;
    void take(const runtime::log_line& line);
    std::optional<std::chrono::milliseconds> pace();
    void skip();
    std::string origin(bool error) const;

    wiring wire_;
    runtime::observed_instance instance_;
    std::shared_ptr<log_flow> flow_;
    asio::steady_timer pause_;
    position stream_[2];
    // Of this following:
    log_time begun_{};  // what is older waits rather than being dropped …
    bool live_{false};  // … until the first that is not: the clock may go back
    deadline::clock::time_point begun_ticks_{};
    log_time first_{}, last_{};  // lines that were read
    std::uint64_t read_{0};      // how many
    std::size_t unpaid_{0};      // bytes read since the last pause
    bool dropping_{false};       // the last line was dropped
    bool skipping_{false};       // it fell behind a flood
};

}  // namespace gasper::control
