// Brings the router's access lines into the logs of the apps they are of. The router writes a file that it rotates by
// itself and knows nothing of us; we read it by position on a thread of our own, each line exactly once over restarts
// of either side, as long as the two files hold it. More of an app's lines than its rate are dropped and counted.
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "control/logs/byte_budget.hpp"
#include "core/base/handle.hpp"
#include "core/logs/store.hpp"

namespace gasper::control {

/// "2026-01-02T03:04:05.678901Z at=info … app=hello" taken apart; app empty: it is no app's.
struct access_line {
    log_time at{};
    std::string_view app, text;
};
access_line parse_access_line(std::string_view line);

class access_tail {
 public:
    /// `file`: the newer of the two, the older is FILE.1. `apps`: when each app was created: older lines were of
    /// another of its name.
    access_tail(std::filesystem::path file, std::map<std::string, log_time> apps, log_store& store, double per_second);
    ~access_tail();
    access_tail(const access_tail&) = delete;
    access_tail& operator=(const access_tail&) = delete;

    /// The app is gone; one of its name that comes later is another. Any thread.
    void forget(const std::string& app);

 private:
    struct source {
        unique_fd fd;
        std::uint64_t inode{0};
        std::string origin;  // empty: its first line was not read yet
        std::int64_t offset{0};
        std::string torn;  // a line whose end has not come
        std::chrono::steady_clock::time_point last_read{};
    };
    struct app_state {
        explicit app_state(double rate) : budget(rate, 4 * rate) {}
        byte_budget budget;
        log_marks marks;  // what an earlier process kept
        std::uint64_t dropped{0};
        std::chrono::steady_clock::time_point said{};
    };

    void run();
    void wait();
    void open_new(const std::filesystem::path& file);
    void close_old();
    bool read(source& from);
    void take(source& from, std::string_view line);
    app_state& state_of(const std::string& app);
    void say_dropped();
    void forget_apps();

    std::filesystem::path file_;
    std::map<std::string, log_time> apps_;
    log_store& store_;
    double rate_;
    std::vector<source> sources_;
    std::map<std::string, app_state> states_;
    std::mutex mutex_;  // guards what follows
    std::vector<std::string> forgotten_;
    std::atomic<bool> stopping_{false};
    unique_fd changes_, wake_;
    std::thread thread_;
};

}  // namespace gasper::control
