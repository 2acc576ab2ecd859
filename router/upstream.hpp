// One instance as the router sees it: where it listens, how busy it is, and the keep-alive connections that wait for
// their next use, one list per worker. Shared by every version of the route map that names it and by the requests that
// use it; the lists are touched only on their worker's thread, the rest is atomic.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "core/tables/table.hpp"
#include "router/io/stream.hpp"

namespace gasper::router {

class upstream;

/// A connection to an instance. While idle it watches for its end and leaves the list when it comes.
class upstream_connection final : stream_watcher {
 public:
    upstream_connection(event_loop& loop, upstream& to, unsigned worker) noexcept
        : socket(loop), to_(to), worker_(worker) {
        socket.watch(this);
    }

    stream socket;
    bool reused{false};
    clock::time_point idle_since{};

 private:
    friend class upstream;
    void on_stream_event(stream& of, bool hung_up) override;

    upstream& to_;
    unsigned worker_;
    bool idle_{false};
    std::list<std::unique_ptr<upstream_connection>>::iterator at_;
};

struct pool_limits {
    std::size_t idle{64};  // per instance and worker
    std::chrono::milliseconds idle_time{60'000};
};

class upstream {
 public:
    upstream(const routed_instance& instance, unsigned workers, pool_limits limits);

    const std::string& name() const noexcept { return name_; }
    /// "192.0.2.1:5000", as control knows it.
    const std::string& address_text() const noexcept { return address_text_; }
    const sockaddr_storage& address() const noexcept { return address_; }
    socklen_t address_size() const noexcept { return address_size_; }

    std::atomic<std::uint32_t> outstanding{0};

    /// After a failed connect others are preferred for a while.
    void avoid_until(clock::time_point t) noexcept { avoid_until_.store(t.time_since_epoch().count()); }
    bool is_avoided(clock::time_point now) const noexcept {
        return avoid_until_.load(std::memory_order_relaxed) > now.time_since_epoch().count();
    }

    /// The connection used last, unless it waited longer than `longest`. None: null.
    std::unique_ptr<upstream_connection> take_idle(unsigned worker, clock::time_point now,
                                                   std::chrono::milliseconds longest);
    /// Keeps it for another request, or closes it: too many, or the instance is gone.
    void give_back(std::unique_ptr<upstream_connection> c, clock::time_point now);
    void close_expired(unsigned worker, clock::time_point now);
    void close_idle(unsigned worker) { slots_[worker].clear(); }
    std::size_t idle(unsigned worker) const noexcept { return slots_[worker].size(); }

    /// It left the table: no connection is kept any more.
    void retire() noexcept { gone_ = true; }
    bool gone() const noexcept { return gone_; }

 private:
    friend class upstream_connection;
    using idle_list = std::list<std::unique_ptr<upstream_connection>>;

    std::string name_;
    std::string address_text_;
    sockaddr_storage address_{};
    socklen_t address_size_{0};
    pool_limits limits_;
    std::atomic<clock::rep> avoid_until_{0};
    std::atomic<bool> gone_{false};
    std::vector<idle_list> slots_;  // front: used last
};

}  // namespace gasper::router
