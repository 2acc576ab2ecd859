#include "router/connection.hpp"

#include "router/tls.hpp"

namespace gasper::router {

namespace {

constexpr std::chrono::milliseconds linger_time{2'000};
constexpr std::size_t linger_bytes = 1 << 20;
/// A client that has just connected is about to send: it gets this long even when the router is stopping.
constexpr std::chrono::milliseconds fresh_grace{1'000};

/// A client whose requests are all here already must not keep the thread from everybody else.
struct turn {
    event_loop& loop;
    unsigned& taken;
    turn(event_loop& l, unsigned& t) noexcept : loop(l), taken(t) {}
    bool await_ready() const noexcept { return ++taken <= 16; }
    void await_suspend(std::coroutine_handle<> h) const {
        taken = 0;
        loop.schedule(h);
    }
    void await_resume() const noexcept {}
};

}  // namespace

co<> connection::serve(unique_fd socket) {
    client_.open(std::move(socket));
    if (peer_.https) {
        const auto certificates = context_.certificates.get();
        if (certificates->empty()) co_return;
        client_.start_tls(std::make_unique<tls_session>(certificates, client_.fd()));
        const auto done = co_await client_.handshake(context_.loop.now() + context_.settings.head_timeout);
        if (done.error != 0) co_return;
    }
    for (bool again = true; again;) {
        co_await turn(context_.loop, requests_at_once_);
        again = co_await serve_one();
        again = again && !context_.draining;
        phase_ = phase::idle;
        if (input_.empty()) input_.release();
    }
    client_.close();
}

void connection::drain() noexcept {
    if (phase_ == phase::idle) client_.cancel_read();
    if (phase_ == phase::fresh) client_.extend_read(context_.loop.now() + fresh_grace);
}

void connection::abort() noexcept {
    aborted_ = true;
    client_.cancel();
    if (current_) current_->abort();
}

/// The size of the head at the front of the input; 0: there will be none.
co<std::size_t> connection::read_head() {
    const auto& settings = context_.settings;
    const auto now = context_.loop.now();
    auto until = now + (phase_ == phase::fresh ? settings.head_timeout : settings.idle_timeout);
    std::size_t scanned = 0;
    for (;;) {
        // Empty lines before a request are tolerated (RFC 9112 §2.2).
        while (scanned == 0 && input_.view().starts_with("\r\n"))
            input_.consume(2);
        if (!input_.empty() && phase_ != phase::head) {
            phase_ = phase::head;
            until = context_.loop.now() + settings.head_timeout;
        }
        const auto end = find_head_end(input_.view(), scanned);
        if (end.is == head_end::state::complete) co_return end.size;
        head_refusal refused;
        if (end.is == head_end::state::bad) refused = {400, "a line that does not end with CRLF"};
        if (end.is == head_end::state::incomplete) {
            const bool one_line = input_.view().find('\n') == std::string_view::npos;
            if (one_line && input_.view().size() > head_limits::line) refused = {414, "request line too long"};
            if (!refused && input_.full()) refused = {431, "request head too large"};
        }
        input_.prepare();
        io_result got;
        if (!refused) {
            got = co_await client_.read(input_.free_begin(), input_.free_size(), until);
            if (got.error == ETIMEDOUT && phase_ == phase::head) refused = {408, "the request took too long to arrive"};
        }
        if (refused) {
            exchange e(context_, client_, input_, peer_, memory_);
            co_await e.refuse(refused);
            co_await linger();
            co_return 0;
        }
        if (got.error != 0 || got.size == 0) co_return 0;
        input_.added(got.size);
    }
}

co<bool> connection::serve_one() {
    const auto size = co_await read_head();
    if (size == 0) co_return false;
    phase_ = phase::exchange;
    if (!aborted_) client_.clear_cancelled();
    bool reset_needed = false;
    bool input_left = false;
    {
        exchange e(context_, client_, input_, peer_, memory_);
        current_ = &e;
        const bool again = co_await e.run(size);
        current_ = nullptr;
        if (again) co_return !aborted_;
        reset_needed = e.must_reset();
        input_left = e.input_left();
    }
    if (reset_needed)
        client_.reset();
    else if (input_left || !input_.empty())
        co_await linger();
    co_return false;
}

/// Closing while bytes come in would make the kernel reset the connection, and the client could lose the answer.
co<> connection::linger() {
    client_.shutdown_write();
    const auto until = context_.loop.now() + linger_time;
    for (std::size_t dropped = 0; dropped < linger_bytes && !aborted_;) {
        input_.consume(input_.view().size());
        input_.prepare();
        const auto got = co_await client_.read(input_.free_begin(), input_.free_size(), until);
        if (got.error != 0 || got.size == 0) co_return;
        dropped += got.size;
    }
}

}  // namespace gasper::router
