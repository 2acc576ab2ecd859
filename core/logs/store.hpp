// The logs of all apps: lines come in from any thread, are numbered and written in batches by one thread of its own,
// and handed to live followers. Whoever appends never waits: what the disk does not take in time is dropped, counted,
// and the count enters the log. Lines of an app that was not admitted, or was removed, go nowhere.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/base/aging_clock.hpp"
#include "core/base/asio.hpp"
#include "core/base/blocking.hpp"
#include "core/logs/segments.hpp"

namespace gasper {

struct log_store_options {
    std::filesystem::path directory;  // one directory per app below it
    segment_limits limits;
    std::size_t pending{16u << 20};        // bytes that wait for the disk, of all apps
    std::size_t follower_lines{8192};      // that wait for one reader …
    std::size_t follower_bytes{4u << 20};  // … and their bytes
    std::function<log_time()> clock{&log_now};
};

/// One live reader. Lines it does not take in time are dropped, the oldest first, and counted. Belongs to the executor
/// it was made for.
class log_follower {
 public:
    struct batch {
        std::vector<std::shared_ptr<const log_entry>> lines;
        std::uint64_t dropped{0};  // before these lines
        bool ended{false};         // the app is gone
    };

    /// The newest line that was kept before the first that this one hears.
    std::uint64_t after() const noexcept { return after_; }
    /// Waits for at least one line, a drop, or the end.
    task<batch> next();
    ~log_follower();

 private:
    friend class log_store;
    struct mailbox;
    log_follower(std::shared_ptr<mailbox> box, std::uint64_t after) : box_(std::move(box)), after_(after) {}

    std::shared_ptr<mailbox> box_;
    std::uint64_t after_;
};

class log_store {
 public:
    explicit log_store(log_store_options options);
    /// Writes what is pending.
    ~log_store();
    log_store(const log_store&) = delete;
    log_store& operator=(const log_store&) = delete;

    // Any thread; none of them waits for the disk.
    void admit(const std::string& app);
    bool knows(const std::string& app) const;
    /// Forgets the app, ends its followers, removes its files.
    void remove(const std::string& app);
    void append(const std::string& app, log_entry line);
    /// The origin has ended and was read to its end.
    void forget(const std::string& app, std::string origin);

    /// How far each origin of the app was read and kept.
    task<log_marks> marks(std::string app);
    /// The same for a thread that may block.
    log_marks wait_for_marks(const std::string& app);
    /// Much waits for the disk: who can should wait too.
    bool busy() const;
    task<std::unique_ptr<log_follower>> follow(std::string app, asio::any_io_executor executor);
    task<std::vector<log_entry>> read(std::string app, log_range range);
    /// Waits until everything appended so far is written.
    task<> flushed();
    /// Removes what is too old, and the logs of apps that were not admitted. Now and then.
    task<> keep_house();

 private:
    struct stream {
        std::vector<log_entry> pending;
        std::uint64_t dropped{0};
        std::vector<std::string> forgotten;
        std::vector<std::weak_ptr<log_follower::mailbox>> followers;
    };

    void schedule();
    void write_pending();
    void write(const std::string& app, stream& todo);
    void publish(const std::string& app, std::vector<log_entry> lines);
    segment_writer& writer_of(const std::string& app);

    log_store_options options_;
    mutable std::mutex mutex_;  // guards what follows
    std::map<std::string, stream> streams_;
    std::set<std::string> dirty_, removed_;
    std::size_t pending_bytes_{0};
    bool scheduled_{false};

    std::map<std::string, std::unique_ptr<segment_writer>> writers_;  // the writing thread's
    aging_clock aging_;                                               // as well
    blocking_pool reading_{"log-reading", 1};
    blocking_pool writing_{"log-writing", 1};
};

}  // namespace gasper
