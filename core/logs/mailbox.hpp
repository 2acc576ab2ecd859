// Between the thread that writes logs and one live reader. For core/logs' own sources.
#pragma once

#include "core/logs/store.hpp"

namespace gasper {

struct log_follower::mailbox {
    mailbox(asio::any_io_executor to, std::size_t line_limit, std::size_t byte_limit);

    /// Under the mutex.
    void offer(std::shared_ptr<const log_entry> line);
    static void wake(const std::shared_ptr<mailbox>& self);

    asio::any_io_executor executor;
    asio::steady_timer filled;  // the reader's executor only
    const std::size_t most_lines, most_bytes;

    std::mutex mutex;  // guards what follows
    std::deque<std::shared_ptr<const log_entry>> waiting;
    std::size_t bytes{0};
    std::uint64_t dropped{0};
    bool ended{false};
    bool woken{false};  // a wake-up is on its way
};

}  // namespace gasper
