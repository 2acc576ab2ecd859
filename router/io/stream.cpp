#include "router/io/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>

#include "router/tls.hpp"

namespace gasper::router {

stream::stream(event_loop& loop) noexcept : loop_(loop) {}

stream::~stream() {
    close();
}

void stream::open(unique_fd fd) {
    fd_ = std::move(fd);
    readable_ = writable_ = ended_ = false;
    clear_cancelled();
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    loop_.add(fd_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
}

void stream::close() noexcept {
    loop_.timers().remove(read_);
    loop_.timers().remove(write_);
    if (!fd_) return;
    if (tls_) tls_->close_notify();
    tls_.reset();
    loop_.remove(fd_.get(), *this);
    fd_.reset();
}

void stream::start_tls(std::unique_ptr<tls_session> session) {
    tls_ = std::move(session);
}

void stream::reset() noexcept {
    tls_.reset();
    const linger now{1, 0};
    if (fd_) ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
}

void stream::shutdown_write() noexcept {
    if (tls_) tls_->close_notify();
    if (fd_) ::shutdown(fd_.get(), SHUT_WR);
}

void stream::on_events(std::uint32_t events) {
    constexpr std::uint32_t broken = EPOLLHUP | EPOLLERR;
    if (events & (EPOLLIN | EPOLLRDHUP | broken)) readable_ = true;
    if (events & (EPOLLRDHUP | broken)) ended_ = true;
    if (events & (EPOLLOUT | broken)) writable_ = true;
    // A TLS read may have to wait until it can write, and the other way round.
    if (write_.waiter && (writable_ || tls_) && try_write()) finish(write_, write_.result);
    if (read_.waiter) {
        if ((readable_ || tls_) && try_read()) finish(read_, read_.result);
    } else if (readable_ && watcher_) {
        watcher_->on_stream_event(*this, (events & broken) != 0);  // may destroy this
    }
}

// Resumption waits for the end of the round: whoever is resumed may destroy streams whose events are still to come.
void stream::finish(half& of, io_result result) {
    if (!of.waiter) return;
    of.result = result;
    loop_.timers().clear(of);
    loop_.schedule(std::exchange(of.waiter, nullptr));
}

void stream::wait(half& of, std::coroutine_handle<> h, clock::time_point until) {
    of.waiter = h;
    loop_.timers().set(of, until, loop_.now());
}

void stream::extend_read(clock::time_point until) noexcept {
    if (read_.waiter) loop_.timers().set(read_, until, loop_.now());
}

void stream::cancel_read() noexcept {
    read_.cancelled = true;
    finish(read_, {0, ECANCELED});
}

void stream::cancel_write() noexcept {
    write_.cancelled = true;
    finish(write_, {0, ECANCELED});
}

// A peer that always has more to say must not keep the thread from everybody else: after some reads that did not have
// to wait, one waits for the next round.
bool stream::begin_read() {
    constexpr unsigned at_once = 16;
    if (read_.cancelled) return end(read_, {0, ECANCELED});
    if (!fd_) return end(read_, {0, EBADF});
    if (++reads_at_once_ > at_once) {
        yields_ = true;
        return false;
    }
    return (readable_ || tls_) && try_read();
}

void stream::yield_turn() {
    reads_at_once_ = 0;
    if (std::exchange(yields_, false)) loop_.defer(*this, EPOLLIN);
}

bool stream::try_read() {
    if (tls_) return try_tls_read();
    ssize_t n;
    do
        n = ::recv(fd_.get(), data_, size_, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        if (errno != EAGAIN) return end(read_, {0, errno});
        readable_ = false;
        return false;
    }
    // A short read emptied the socket: the next byte is a new edge. An end that was reported already is not.
    if (static_cast<std::size_t>(n) < size_ && !ended_) readable_ = false;
    return end(read_, {static_cast<std::size_t>(n), 0});
}

stream::write_awaiter stream::write(std::array<std::string_view, 3> parts, clock::time_point until) noexcept {
    doing_ = writing::data;
    part_ = written_ = 0;
    for (std::size_t i = 0; i < parts.size(); ++i)
        parts_[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
    return {*this, until};
}

stream::write_awaiter stream::connect(const sockaddr_storage& address, socklen_t size,
                                      clock::time_point until) noexcept {
    doing_ = writing::connecting;
    written_ = 0;
    write_.result = {};
    unique_fd fd(::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd || (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 && errno != EINPROGRESS)) {
        write_.result.error = errno;
        return {*this, until};
    }
    try {
        open(std::move(fd));
    } catch (const std::exception&) {
        close();
        write_.result.error = ENOMEM;
    }
    return {*this, until};
}

bool stream::begin_write() {
    if (write_.cancelled) return end(write_, {0, ECANCELED});
    if (doing_ == writing::connecting && write_.result.error != 0) return true;
    if (!fd_) return end(write_, {0, EBADF});
    return doing_ != writing::connecting && try_write();
}

bool stream::try_write() {
    switch (doing_) {
        case writing::connecting:
            return try_connect();
        case writing::handshaking:
            return try_handshake();
        case writing::data:
            return tls_ ? try_tls_send() : try_send();
    }
    return false;
}

bool stream::try_connect() {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    return end(write_, {0, error});
}

bool stream::advance(std::size_t written) noexcept {
    written_ += written;
    while (part_ < parts_.size() && written >= parts_[part_].iov_len) {
        written -= parts_[part_].iov_len;
        ++part_;
    }
    if (part_ == parts_.size()) return true;
    parts_[part_].iov_base = static_cast<char*>(parts_[part_].iov_base) + written;
    parts_[part_].iov_len -= written;
    return false;
}

bool stream::try_send() {
    for (;;) {
        msghdr message{};
        message.msg_iov = &parts_[part_];
        message.msg_iovlen = parts_.size() - part_;
        const auto n = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) return end(write_, {written_, errno});
            writable_ = false;
            return false;
        }
        if (advance(static_cast<std::size_t>(n))) return end(write_, {written_, 0});
    }
}

stream::write_awaiter stream::handshake(clock::time_point until) noexcept {
    doing_ = writing::handshaking;
    return {*this, until};
}

bool stream::try_handshake() {
    const int done = tls_->handshake();
    if (done == tls_session::want_read || done == tls_session::want_write) return false;
    return end(write_, {0, done == 1 ? 0 : ECONNABORTED});
}

bool stream::try_tls_read() {
    const int n = tls_->read(data_, size_);
    if (n == tls_session::want_read || n == tls_session::want_write) {
        readable_ = false;
        return false;
    }
    if (n == tls_session::ended) return end(read_, {0, 0});
    return end(read_, n > 0 ? io_result{static_cast<std::size_t>(n), 0} : io_result{0, ECONNRESET});
}

bool stream::try_tls_send() {
    constexpr std::size_t record = 16 * 1024;
    auto& staged = tls_->staged;
    for (;;) {
        std::size_t room = staged.empty() ? record : 0;
        for (auto i = part_; i < parts_.size() && room > 0; ++i) {
            const auto n = std::min(room, parts_[i].iov_len);
            staged.append(static_cast<const char*>(parts_[i].iov_base), n);
            room -= n;
        }
        if (staged.empty()) return end(write_, {written_, 0});
        const int n = tls_->write(staged);
        if (n == tls_session::want_read || n == tls_session::want_write) return false;
        if (n <= 0) return end(write_, {written_, EPIPE});
        staged.erase(0, static_cast<std::size_t>(n));
        if (advance(static_cast<std::size_t>(n))) return end(write_, {written_, 0});
    }
}

}  // namespace gasper::router
