// A TCP server on loopback that does with each connection what the test's script says, in a thread of its own.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include "tests/support/tcp_peer.hpp"

namespace gasper::test {

class scripted_upstream {
 public:
    using script = std::function<void(tcp_peer&)>;

    explicit scripted_upstream(script s)
        : script_(std::move(s)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), size) != 0 ||
            ::listen(listener_.get(), 1024) != 0 ||
            ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
            throw std::runtime_error("scripted upstream: cannot listen");
        port_ = ntohs(at.sin_port);
        acceptor_ = std::thread([this] { accept(); });
    }
    ~scripted_upstream() {
        stop();
        {
            std::lock_guard lock(mutex_);
            for (const int fd : open_)
                ::shutdown(fd, SHUT_RDWR);
        }
        for (auto& t : threads_)
            t.join();  // nobody adds to them any more
    }

    std::uint16_t port() const noexcept { return port_; }
    int connections() const noexcept { return connections_; }

    /// Takes no further connection; those that are there go on.
    void stop() {
        if (!acceptor_.joinable()) return;
        ::shutdown(listener_.get(), SHUT_RDWR);
        acceptor_.join();
        listener_.reset();
    }

 private:
    void accept() {
        for (;;) {
            unique_fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!fd) return;
            ++connections_;
            const int number = fd.get();
            std::lock_guard lock(mutex_);
            open_.push_back(number);
            threads_.emplace_back([this, number, peer = std::make_shared<tcp_peer>(std::move(fd))] {
                try {
                    script_(*peer);
                } catch (const std::exception&) {
                    // The script waited in vain; what the test sees of it says more.
                }
                std::lock_guard ending(mutex_);
                open_.remove(number);
                peer->close();
            });
        }
    }

    script script_;
    unique_fd listener_;
    std::uint16_t port_{0};
    std::atomic<int> connections_{0};
    std::mutex mutex_;  // guards open_ and threads_
    std::list<int> open_;
    std::list<std::thread> threads_;
    std::thread acceptor_;
};

/// Serves requests one after the other until the client ends: each gets `response` (a whole HTTP message).
inline scripted_upstream::script always(std::string response) {
    return [response = std::move(response)](tcp_peer& peer) {
        while (!peer.read_message().empty())
            if (!peer.send(response)) return;
    };
}

/// As always(), 200 with `body`.
inline scripted_upstream::script always_ok(std::string body) {
    return always("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

}  // namespace gasper::test
