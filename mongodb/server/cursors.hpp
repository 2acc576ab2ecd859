// The cursors that clients have open: where DocumentDB goes on for each, and whose it is. They survive their
// connection, as MongoDB's do, but not idleness; there are never more than the options allow. One executor.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "mongodb/command_error.hpp"

namespace gasper::mongodb {

struct cursor_options {
    std::size_t most{1000};
    std::size_t most_bytes{32U << 20};  // of what is kept for all
    std::chrono::seconds idle_time{600};
};

class cursor_store {
 public:
    using clock = std::chrono::steady_clock;
    explicit cursor_store(cursor_options options) : options_(options) {}

    /// Opens one. The idle ones that were used longest ago give way; returns their ids.
    std::vector<std::int64_t> open(std::int64_t id, std::string user, std::string space, std::string continuation,
                                   clock::time_point now);

    /// Where the cursor goes on; it is busy until advance() or close(). `space` is "<database>.<collection>".
    answer<std::string> use(std::int64_t id, const std::string& user, const std::string& space);
    void advance(std::int64_t id, std::string continuation, clock::time_point now);
    /// After a getMore that failed: it may be tried again.
    void release(std::int64_t id, clock::time_point now);
    void close(std::int64_t id);
    /// True when it was there and that user's.
    bool kill(std::int64_t id, const std::string& user);
    /// Forgets what was idle for too long.
    std::vector<std::int64_t> expire(clock::time_point now);

    std::size_t size() const noexcept { return cursors_.size(); }

 private:
    struct cursor {
        std::string user, space, continuation;
        clock::time_point used;
        std::list<std::int64_t>::iterator age;
        bool busy{false};
    };

    void touch(cursor& c, clock::time_point now);

    cursor_options options_;
    std::unordered_map<std::int64_t, cursor> cursors_;
    std::list<std::int64_t> by_age_;  // longest unused first
    std::size_t bytes_{0};
};

}  // namespace gasper::mongodb
