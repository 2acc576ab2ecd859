// One end of a TCP connection for tests, blocking, every call under a deadline: a test that waits for what never comes
// fails with what it had got by then.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/base/handle.hpp"

namespace gasper::test {

class tcp_peer {
 public:
    static constexpr std::chrono::milliseconds patience{10'000};

    explicit tcp_peer(unique_fd fd) : fd_(std::move(fd)) {}

    static tcp_peer connect(std::uint16_t port) {
        unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
            throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
        return tcp_peer(std::move(fd));
    }

    /// False when the other side is gone.
    bool send(std::string_view data) {
        while (!data.empty()) {
            if (!wait_for(POLLOUT)) throw std::runtime_error("send: the other side takes nothing");
            const auto n = ::send(fd_.get(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n < 0 && errno != EAGAIN) return false;
            if (n > 0) data.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }

    /// Everything up to and with `mark`; what came after it stays for the next call. Short when the other side ended.
    std::string read_until(std::string_view mark) {
        for (;;) {
            const auto at = held_.find(mark);
            if (at != std::string::npos) return take(at + mark.size());
            if (!fill()) return take(held_.size());
        }
    }
    std::string read_exactly(std::size_t n) {
        while (held_.size() < n)
            if (!fill()) return take(held_.size());
        return take(n);
    }
    /// All until the other side ends, in whatever way.
    std::string read_to_end() {
        while (fill()) {
        }
        return take(held_.size());
    }
    /// A head and the body that its Content-Length announces.
    std::string read_message() {
        auto text = read_until("\r\n\r\n");
        const auto at = text.find("Content-Length: ");
        if (at != std::string::npos) text += read_exactly(std::stoul(text.substr(at + 16)));
        return text;
    }
    /// The other side ended by a reset rather than by an end.
    bool was_reset() const noexcept { return reset_; }

    void end() { ::shutdown(fd_.get(), SHUT_WR); }
    /// Closes so that the other side sees a reset.
    void reset() {
        const linger now{1, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        fd_.reset();
    }
    void close() { fd_.reset(); }
    int fd() const noexcept { return fd_.get(); }

 private:
    bool wait_for(short events) {
        pollfd p{fd_.get(), events, 0};
        return ::poll(&p, 1, static_cast<int>(patience.count())) > 0;
    }
    bool fill() {
        if (!wait_for(POLLIN)) throw std::runtime_error("read: nothing came; held: \"" + held_ + "\"");
        char data[65536];
        const auto n = ::recv(fd_.get(), data, sizeof data, 0);
        if (n < 0) reset_ = true;
        if (n > 0) held_.append(data, static_cast<std::size_t>(n));
        return n > 0;
    }
    std::string take(std::size_t n) {
        auto front = held_.substr(0, n);
        held_.erase(0, n);
        return front;
    }

    unique_fd fd_;
    std::string held_;
    bool reset_{false};
};

/// A port of this machine that nobody listens on now.
inline std::uint16_t unused_port() {
    unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    socklen_t size = sizeof at;
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
        throw std::runtime_error("no free port");
    return ntohs(at.sin_port);
}

/// Somebody listens there.
inline bool is_heard(std::uint16_t port) {
    try {
        tcp_peer::connect(port);
        return true;
    } catch (const std::runtime_error&) {
        return false;
    }
}

}  // namespace gasper::test
