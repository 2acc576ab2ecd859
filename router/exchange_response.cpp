// The way back: the instance's head, its body, and the tunnel after an upgrade.
#include <charconv>

#include "router/exchange.hpp"

namespace gasper::router {

namespace {

constexpr int max_informational = 16;

/// As the client gets it: HTTP/1.0 knows no chunks, and for HTTP/1.1 an end by close is no proof of completeness.
body_kind form_for(int client_minor, body_kind from) noexcept {
    if (from == body_kind::chunked && client_minor == 0) return body_kind::until_close;
    if (from == body_kind::until_close && client_minor == 1) return body_kind::chunked;
    return from;
}

struct chunk_line {
    char text[20];
    std::size_t size;
    explicit chunk_line(std::size_t n) {
        auto* end = std::to_chars(text, text + 16, n, 16).ptr;
        *end++ = '\r';
        *end++ = '\n';
        size = static_cast<std::size_t>(end - text);
    }
    std::string_view view() const noexcept { return {text, size}; }
};

}  // namespace

co<exchange::outcome> exchange::read_head(upstream_connection& from, input_buffer& in) {
    std::size_t scanned = 0;
    int informational = 0;
    for (;;) {
        const auto end = find_head_end(in.view(), scanned);
        if (end.is == head_end::state::bad || (end.is == head_end::state::incomplete && in.full())) {
            last_trouble_ = &troubles::bad_response;
            co_return outcome::failed;
        }
        if (end.is == head_end::state::complete) {
            const auto refused = parse_response(in.view().substr(0, end.size), is_head_, context_.response);
            const bool interim = context_.response.status < 200 && context_.response.status != 101;
            if (refused || (interim && ++informational > max_informational)) {
                last_trouble_ = &troubles::bad_response;
                co_return outcome::failed;
            }
            if (!interim) {
                response_head_size_ = end.size;
                co_return outcome::answered;
            }
            const bool passed = co_await pass_informational();
            if (!passed) co_return outcome::failed;
            in.consume(end.size);
            scanned = 0;
            continue;
        }
        in.prepare();
        const auto got = co_await from.socket.read(in.free_begin(), in.free_size(), response_due_);
        if (got.error == 0 && got.size > 0) {
            in.added(got.size);
            continue;
        }
        if (in.empty() && got.error != ETIMEDOUT && may_retry(from)) co_return outcome::stale;
        last_trouble_ = got.error == ETIMEDOUT ? &troubles::timeout : &troubles::no_response;
        co_return outcome::failed;
    }
}

co<bool> exchange::pass_informational() {
    replayable_ = false;
    if (minor_ == 0) co_return true;
    memory_.response_head.clear();
    append_response(context_.response, {.client_minor = minor_}, memory_.response_head);
    const auto sent = co_await client_.write(memory_.response_head, in(context_.settings.body_timeout));
    if (sent.error != 0) client_failed_ = true;
    co_return sent.error == 0;
}

co<exchange::outcome> exchange::relay(upstream_connection& from, input_buffer& in, std::size_t head_size) {
    const auto& head = context_.response;
    const bool switches = head.status == 101;
    if (switches && (!upgrades_ || head.upgrade.empty())) {
        last_trouble_ = &troubles::bad_response;
        co_return outcome::failed;
    }
    response_begun_ = true;
    admission_.leave();
    const auto as = form_for(minor_, head.body);
    const bool reusable = head.keep_alive && !switches;
    const bool whole = head.body != body_kind::until_close;
    if (as == body_kind::until_close || uploading_.running() || upload_failed_ || context_.draining || switches)
        keep_alive_ = false;
    record_.status = head.status;
    const body_framing body(head.body, head.content_length);
    memory_.response_head.clear();
    append_response(head, {.client_minor = minor_, .keep_alive = keep_alive_, .body = as, .switches = switches},
                    memory_.response_head);
    in.consume(head_size);
    // The request has been taken: what came of its body with the head is no longer needed.
    if (!uploading_.running() && !upload_failed_) input_.consume(std::exchange(first_part_, 0));
    if (switches) {
        co_await tunnel(from.socket, in);
        co_return outcome::answered;
    }
    const bool complete = co_await relay_body(from.socket, in, body, as);
    instance_reusable_ = complete && reusable && whole && in.empty();
    if (!complete && as == body_kind::until_close) must_reset_ = true;
    if (!complete) blame(client_failed_ ? troubles::client_gone : troubles::cut_short);
    co_return outcome::answered;
}

// The first write carries the head and what came of the body with it.
co<bool> exchange::relay_body(stream& from, input_buffer& in, body_framing body, body_kind as) {
    const bool adds_chunks = as == body_kind::chunked && body.kind() == body_kind::until_close;
    const bool removes_chunks = as != body_kind::chunked && body.kind() == body_kind::chunked;
    std::string_view head = memory_.response_head;
    for (bool ended = false; !ended || !head.empty();) {
        const auto step = removes_chunks ? body.decode(in.begin(), in.view().size()) : body.take(in.view());
        if (step.bad) co_return false;
        const auto content = in.view().substr(0, removes_chunks ? step.payload : step.used);
        io_result sent;
        if (adds_chunks && !content.empty()) {
            const chunk_line line(content.size());
            memory_.request_head.assign(head).append(line.view());
            sent = co_await client_.write({memory_.request_head, content, "\r\n"},
                                          this->in(context_.settings.body_timeout));
        } else if (!head.empty() || !content.empty()) {
            sent = co_await client_.write({head, content, {}}, this->in(context_.settings.body_timeout));
        }
        record_.bytes += sent.size;
        head = {};
        if (sent.error != 0) {
            client_failed_ = true;
            co_return false;
        }
        in.consume(step.used);
        ended = body.done();
        if (ended) break;
        in.prepare();
        const auto got =
            co_await from.read(in.free_begin(), in.free_size(), this->in(context_.settings.stream_timeout));
        if (got.error != 0) co_return false;
        if (got.size == 0) {
            if (body.kind() != body_kind::until_close) co_return false;
            if (!adds_chunks) co_return true;
            const auto last = co_await client_.write("0\r\n\r\n", this->in(context_.settings.body_timeout));
            co_return last.error == 0;
        }
        in.added(got.size);
    }
    co_return true;
}

}  // namespace gasper::router
