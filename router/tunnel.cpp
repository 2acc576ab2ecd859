// After an upgrade: bytes both ways until both sides have ended.
#include "router/exchange.hpp"

namespace gasper::router {

namespace {

/// One direction.
struct tunnel_state {
    worker_context& context;
    clock::time_point last;  // a byte went through
    std::uint64_t bytes{0};
    const tunnel_state* other{nullptr};

    clock::time_point last_of_both() const noexcept { return std::max(last, other->last); }
};

/// An end is passed on as an end, so that the other direction can finish.
co<> pass(tunnel_state& state, stream& from, input_buffer& in, stream& to) {
    const auto patience = state.context.settings.tunnel_timeout;
    for (;;) {
        if (!in.empty()) {
            const auto sent = co_await to.write(in.view(), state.context.loop.now() + patience);
            if (sent.error != 0) break;
            state.bytes += sent.size;
            in.consume(in.view().size());
            state.last = state.context.loop.now();
        }
        in.prepare();
        const auto got = co_await from.read(in.free_begin(), in.free_size(), state.last_of_both() + patience);
        // Silence in this direction is no fault while the other one talks.
        if (got.error == ETIMEDOUT && state.context.loop.now() - state.last_of_both() < patience) continue;
        if (got.error != 0) break;
        if (got.size == 0) {
            to.shutdown_write();
            co_return;
        }
        in.added(got.size);
    }
    from.cancel();
    to.cancel();
}

}  // namespace

co<> exchange::tunnel(stream& to, input_buffer& from_instance) {
    counters::add(context_.count.upgrades);
    const auto sent = co_await client_.write(memory_.response_head, in(context_.settings.body_timeout));
    if (sent.error != 0) {
        client_failed_ = true;
        co_return;
    }
    tunnel_state upward{context_, context_.loop.now()};
    tunnel_state downward{context_, upward.last};
    upward.other = &downward;
    downward.other = &upward;
    side_task beside(context_.loop);
    beside.start(pass(upward, client_, input_, to));
    std::exception_ptr fault;
    try {
        co_await pass(downward, to, from_instance, client_);
    } catch (...) {
        fault = std::current_exception();
        to.cancel();
        client_.cancel();
    }
    co_await beside.join();
    if (fault) std::rethrow_exception(fault);
    record_.bytes += sent.size + downward.bytes;
}

}  // namespace gasper::router
