// One request and its response: from the head that the client's connection has read to the last byte it is sent.
// Chooses the instance, tries another when one does not take the connection, streams both bodies with one buffer each.
// Lives inside one call of connection::serve(); belongs to its worker's thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "router/access_log.hpp"
#include "router/body.hpp"
#include "router/io/buffer.hpp"
#include "router/io/coroutine.hpp"
#include "router/io/stream.hpp"
#include "router/page.hpp"
#include "router/rewrite.hpp"
#include "router/waiting_room.hpp"
#include "router/worker_context.hpp"

namespace gasper::router {

/// The two ends of a client's connection, as text.
struct client_identity {
    std::string address;
    std::string port;  // the router's
    bool https{false};
};

/// What a connection keeps from one request to the next, so that the strings are allocated once.
struct exchange_memory {
    access_record record;
    std::string request_head;
    std::string response_head;
    std::string host;
    std::vector<const upstream*> tried;
};

class exchange final : stream_watcher {
 public:
    exchange(worker_context& context, stream& client, input_buffer& input, const client_identity& peer,
             exchange_memory& memory);
    ~exchange();

    /// Serves the request whose head is the first `head_size` bytes of the input. True: the connection can carry
    /// another.
    co<bool> run(std::size_t head_size);
    /// Answers what is no request.
    co<> refuse(head_refusal why);
    /// The client is to be left: what is awaited ends now.
    void abort() noexcept { on_stream_event(client_, true); }
    /// Bytes of the request may still be coming: closing at once could destroy the answer on its way.
    bool input_left() const noexcept { return !upload_.done() || refused_; }
    /// A body that ended nowhere must not look as if it had ended: the connection is to be reset.
    bool must_reset() const noexcept { return must_reset_; }

 private:
    enum class outcome : std::uint8_t { answered, stale, unreachable, failed };
    struct in_flight;

    void begin(const request_head& head);
    void choose_request_id(const request_head& head);
    co<> forward();
    co<bool> wake(std::shared_ptr<app_state> app);
    co<outcome> attempt(upstream& to);
    co<std::unique_ptr<upstream_connection>> connect(upstream& to);
    co<outcome> send_and_relay(upstream_connection& to);
    co<> upload(stream& to);
    co<> end_upload(stream& to);
    co<outcome> read_head(upstream_connection& from, input_buffer& in);
    co<bool> pass_informational();
    co<outcome> relay(upstream_connection& from, input_buffer& in, std::size_t head_size);
    co<bool> relay_body(stream& from, input_buffer& in, body_framing body, body_kind as);
    co<> tunnel(stream& to, input_buffer& from_instance);
    co<> answer(const trouble& what, int status, std::string_view reason = {});
    co<> answer(const trouble& what) { return answer(what, what.status); }
    co<> answer_maintenance(std::shared_ptr<const route_map> map, const app_route& route);
    co<> send_page(const trouble& what, int status);
    void blame(const trouble& what) noexcept;
    void finish();
    bool may_retry(const upstream_connection& c) const noexcept;
    clock::time_point in(std::chrono::milliseconds t) const noexcept { return context_.loop.now() + t; }
    void on_stream_event(stream& of, bool hung_up) override;

    worker_context& context_;
    stream& client_;
    input_buffer& input_;
    const client_identity& peer_;
    exchange_memory& memory_;
    access_record& record_;

    // The request.
    int minor_{1};
    bool keep_alive_{true};
    bool is_head_{false};
    bool is_idempotent_{false};
    bool upgrades_{false};
    bool refused_{false};
    body_framing upload_;        // as far as it was sent on
    std::size_t first_part_{0};  // bytes of the body that came with the head
    side_task uploading_;

    // The app.
    counted_request counted_;
    waiting_room::guest* waiting_{nullptr};
    waiting_room::admission admission_;

    // The attempt.
    stream* instance_{nullptr};
    const trouble* last_trouble_{nullptr};
    bool reuse_allowed_{true};
    bool replayable_{true};      // every byte of the request is still at hand
    bool client_failed_{false};  // it left, or its body was malformed
    bool upload_failed_{false};  // the instance takes no more of the body
    bool instance_reusable_{false};
    bool response_begun_{false};
    bool must_reset_{false};
    std::size_t response_head_size_{0};

    clock::time_point started_;
    clock::time_point connected_;
    clock::time_point response_due_;
};

}  // namespace gasper::router
