// A number of bytes that many may hold parts of. Who finds too little left waits in order. One executor.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <list>

#include "core/base/asio.hpp"
#include "core/base/deadline.hpp"

namespace gasper::mongodb {

class budget {
 public:
    budget(asio::any_io_executor executor, std::size_t bytes) : executor_(std::move(executor)), left_(bytes) {}
    budget(const budget&) = delete;
    budget& operator=(const budget&) = delete;

    /// Gives its bytes back at the end.
    class share {
     public:
        share() = default;
        share(share&& other) noexcept : of_(std::exchange(other.of_, nullptr)), bytes_(other.bytes_) {}
        share& operator=(share&&) = delete;
        ~share();

     private:
        friend class budget;
        share(budget& of, std::size_t bytes) : of_(&of), bytes_(bytes) {}
        budget* of_{nullptr};
        std::size_t bytes_{0};
    };

    /// False at the deadline. More than there ever is never comes.
    task<bool> take(share& into, std::size_t bytes, deadline until);

 private:
    struct waiter {
        std::size_t bytes;
        asio::steady_timer* turn;
        bool granted;
    };
    void give(std::size_t bytes);
    void grant();

    asio::any_io_executor executor_;
    std::size_t left_;
    std::list<waiter> waiting_;
};

}  // namespace gasper::mongodb
