// A TCP connection of one event loop, plain or TLS: one read and one write may be awaited at a time, each until a
// deadline. Edge-triggered: it remembers what the kernel said, so that a read that would find nothing is not tried.
// A resource: it does not move, closes itself, and must not go while somebody awaits it. All calls on the loop's
// thread.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <coroutine>
#include <memory>
#include <string_view>

#include "core/base/handle.hpp"
#include "router/io/event_loop.hpp"

namespace gasper::router {

/// error 0 and size 0 from a read is the peer's end. ETIMEDOUT: the deadline; ECANCELED: cancelled.
struct io_result {
    std::size_t size{0};
    int error{0};
};

class stream;
class tls_session;

/// Hears of events on a stream that nobody awaits a read of: data, an end, a hang-up.
class stream_watcher {
 public:
    virtual void on_stream_event(stream& of, bool hung_up) = 0;

 protected:
    ~stream_watcher() = default;
};

class stream final : event_sink {
 public:
    explicit stream(event_loop& loop) noexcept;
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream();

    /// Takes over a connected, non-blocking socket.
    void open(unique_fd fd);
    /// From here on everything is encrypted; handshake() comes next.
    void start_tls(std::unique_ptr<tls_session> session);
    void close() noexcept;
    /// Closes so that the peer sees a fault, not an end.
    void reset() noexcept;
    bool is_open() const noexcept { return static_cast<bool>(fd_); }
    int fd() const noexcept { return fd_.get(); }

    /// Something came, or the peer ended, and nobody has read it yet.
    bool has_input() const noexcept { return readable_; }
    void watch(stream_watcher* watcher) noexcept { watcher_ = watcher; }

    void cancel_read() noexcept;
    void cancel_write() noexcept;
    void cancel() noexcept {
        cancel_read();
        cancel_write();
    }
    /// Awaits work again after a cancellation (a pooled connection's next use).
    void clear_cancelled() noexcept { read_.cancelled = write_.cancelled = false; }
    /// Moves the deadline of the read that is awaited now.
    void extend_read(clock::time_point until) noexcept;
    /// The peer sees an end; reading goes on.
    void shutdown_write() noexcept;

    struct read_awaiter {
        stream& of;
        clock::time_point until;
        bool await_ready() { return of.begin_read(); }
        void await_suspend(std::coroutine_handle<> h) {
            of.wait(of.read_, h, until);
            of.yield_turn();
        }
        io_result await_resume() const noexcept { return of.read_.result; }
    };
    /// Reads what is there, at most `size` bytes, at least one.
    [[nodiscard]] read_awaiter read(char* data, std::size_t size, clock::time_point until) noexcept {
        data_ = data;
        size_ = size;
        return {*this, until};
    }

    struct write_awaiter {
        stream& of;
        clock::time_point until;
        bool await_ready() { return of.begin_write(); }
        void await_suspend(std::coroutine_handle<> h) { of.wait(of.write_, h, until); }
        io_result await_resume() const noexcept { return of.write_.result; }
    };
    /// Writes all of it, in order, in as few system calls as can be.
    [[nodiscard]] write_awaiter write(std::array<std::string_view, 3> parts, clock::time_point until) noexcept;
    [[nodiscard]] write_awaiter write(std::string_view data, clock::time_point until) noexcept {
        return write({data, {}, {}}, until);
    }
    /// Opens a connection to `address`.
    [[nodiscard]] write_awaiter connect(const sockaddr_storage& address, socklen_t size,
                                        clock::time_point until) noexcept;
    /// The server's side of the TLS handshake.
    [[nodiscard]] write_awaiter handshake(clock::time_point until) noexcept;

 private:
    struct half final : timer {
        explicit half(stream& s) noexcept : of(s) {}
        void on_deadline() override { of.finish(*this, {0, ETIMEDOUT}); }
        stream& of;
        std::coroutine_handle<> waiter;
        io_result result;
        bool cancelled{false};
    };
    enum class writing : std::uint8_t { data, connecting, handshaking };

    void on_events(std::uint32_t events) override;
    bool begin_read();
    void yield_turn();
    bool begin_write();
    bool try_read();
    bool try_write();
    bool try_send();
    bool try_connect();
    bool try_handshake();
    bool try_tls_read();
    bool try_tls_send();
    bool advance(std::size_t written) noexcept;
    void wait(half& of, std::coroutine_handle<> h, clock::time_point until);
    void finish(half& of, io_result result);
    bool end(half& of, io_result result) noexcept {
        of.result = result;
        return true;
    }

    event_loop& loop_;
    unique_fd fd_;
    std::unique_ptr<tls_session> tls_;
    stream_watcher* watcher_{nullptr};
    half read_{*this};
    half write_{*this};
    char* data_{nullptr};
    std::size_t size_{0};
    std::array<iovec, 3> parts_{};
    std::size_t part_{0};
    std::size_t written_{0};
    writing doing_{writing::data};
    unsigned reads_at_once_{0};  // since somebody else had a turn
    bool yields_{false};
    bool readable_{false};
    bool writable_{false};
    bool ended_{false};  // the kernel reported an end or a fault: only a read of 0 bytes or an error clears the input
};

}  // namespace gasper::router
