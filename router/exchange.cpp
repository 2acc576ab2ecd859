#include "router/exchange.hpp"

#include <charconv>

namespace gasper::router {

namespace {

/// Requests that change something are not sent down a connection that has idled for longer: the instance may be closing
/// it at this very moment, and they cannot be sent twice.
constexpr std::chrono::milliseconds fresh_enough{1000};

constexpr std::chrono::milliseconds avoid_after_refusal{1000};

/// RFC 9110 §9.2.2: these may be sent again when nobody knows whether the first one arrived.
bool is_idempotent(std::string_view method) noexcept {
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" || method == "DELETE";
}

/// As the route map wants it: lower case, no final dot.
void normalize_host(std::string_view host, std::string& out) {
    out.assign(host);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    if (out.size() > 1 && out.back() == '.') out.pop_back();
}

std::int64_t milliseconds_between(clock::time_point from, clock::time_point to) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

}  // namespace

/// Counts the request among those its instance is busy with.
struct exchange::in_flight {
    in_flight(upstream& u, const reporter& r) : of(u), reports(r) {
        of.outstanding.fetch_add(1, std::memory_order_relaxed);
    }
    ~in_flight() {
        const bool last = of.outstanding.fetch_sub(1, std::memory_order_relaxed) == 1;
        if (last && of.gone()) reports.announce();
    }
    in_flight(const in_flight&) = delete;
    in_flight& operator=(const in_flight&) = delete;
    upstream& of;
    const reporter& reports;
};

exchange::exchange(worker_context& context, stream& client, input_buffer& input, const client_identity& peer,
                   exchange_memory& memory)
    : context_(context),
      client_(client),
      input_(input),
      peer_(peer),
      memory_(memory),
      record_(memory.record),
      uploading_(context.loop),
      started_(context.loop.now()),
      connected_(started_) {
    record_.clear();
    memory_.tried.clear();
    client_.watch(this);
}

exchange::~exchange() {
    client_.watch(nullptr);
}

void exchange::on_stream_event(stream&, bool hung_up) {
    // A client may end its side after the request and still wait for the answer; one that hung up is gone.
    if (!hung_up) return;
    client_failed_ = true;
    if (instance_) instance_->cancel();
    if (waiting_) waiting_->leave();
}

void exchange::choose_request_id(const request_head& head) {
    const auto given = head.find(field_id::x_request_id);
    if (is_request_id(given)) {
        record_.request_id.assign(given);
        return;
    }
    // A version 4 UUID; unique rather than secret.
    constexpr std::string_view hex = "0123456789abcdef";
    std::uint64_t bits[2] = {context_.random(), context_.random()};
    bits[0] = (bits[0] & ~std::uint64_t{0xf000}) | 0x4000;
    bits[1] = (bits[1] & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62);
    for (int i = 0; i < 32; ++i) {
        if (i == 8 || i == 12 || i == 16 || i == 20) record_.request_id += '-';
        record_.request_id += hex[(bits[i / 16] >> (60 - 4 * (i % 16))) & 15];
    }
}

void exchange::begin(const request_head& head) {
    minor_ = head.minor;
    keep_alive_ = head.keep_alive;
    is_head_ = head.method == "HEAD";
    is_idempotent_ = is_idempotent(head.method);
    upgrades_ = passes_upgrade(head);
    upload_ = body_framing(head.body, head.content_length);
    normalize_host(head.host, memory_.host);
    choose_request_id(head);
    record_.https = peer_.https;
    if (context_.log) {
        record_.method.assign(head.method);
        record_.path.assign(head.target);
        record_.host.assign(head.authority);
        record_.forwarded.assign(head.find(field_id::x_forwarded_for));
        if (!record_.forwarded.empty()) record_.forwarded += ", ";
        record_.forwarded += peer_.address;
    }
    char start[20];
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto* end =
        std::to_chars(start, start + sizeof start, std::chrono::duration_cast<std::chrono::milliseconds>(now).count())
            .ptr;
    memory_.request_head.clear();
    append_request(head,
                   {.client = peer_.address,
                    .port = peer_.port,
                    .https = peer_.https,
                    .request_id = record_.request_id,
                    .start_ms = {start, static_cast<std::size_t>(end - start)}},
                   memory_.request_head);
}

co<bool> exchange::run(std::size_t head_size) {
    if (auto refused = parse_request(input_.view().substr(0, head_size), context_.request)) {
        co_await refuse(refused);
        co_return false;
    }
    begin(context_.request);
    input_.consume(head_size);
    const auto first = upload_.take(input_.view());
    first_part_ = first.used;
    if (first.bad) {
        co_await refuse({400, "bad chunked body"});
        co_return false;
    }
    co_await forward();
    finish();
    co_return keep_alive_ && !client_failed_ && upload_.done();
}

co<> exchange::refuse(head_refusal why) {
    refused_ = true;
    keep_alive_ = false;
    co_await answer(troubles::bad_request, why.status, why.reason);
    finish();
}

co<> exchange::forward() {
    for (unsigned attempts = 0; !client_failed_;) {
        // A retry looks at the newest table: the one before may have named an instance that is no more.
        auto map = context_.routes.get();
        const auto* route = map->find(memory_.host);
        if (!route) co_return co_await answer(troubles::no_app);
        record_.app.assign(route->app);
        counted_.begin(route->state, context_.worker, started_);
        if (route->maintenance) co_return co_await answer_maintenance(map, *route);
        if (route->must_wake()) {
            auto app = route->state;
            map.reset();  // it may be long
            const bool awake = co_await wake(std::move(app));
            if (awake) continue;
            break;
        }
        if (route->instances.empty()) co_return co_await answer(troubles::no_instance);
        auto to =
            attempts < context_.settings.max_attempts ? route->choose(memory_.tried, context_.loop.now()) : nullptr;
        if (!to) {
            const trouble& why = last_trouble_ ? *last_trouble_ : troubles::refused;
            co_return co_await answer(why);
        }
        in_flight counted(*to, context_.reports);
        record_.instance.assign(to->name());
        const auto how = co_await attempt(*to);
        if (how == outcome::answered) co_return;
        if (how == outcome::failed) break;
        counters::add(context_.count.retries);
        if (how == outcome::stale) {
            reuse_allowed_ = false;
            continue;
        }
        ++attempts;
        to->avoid_until(context_.loop.now() + avoid_after_refusal);
        memory_.tried.push_back(to.get());
    }
    if (client_failed_) {
        blame(troubles::client_gone);
        co_return;
    }
    if (response_begun_ || record_.status != 0) co_return;
    const trouble& why = last_trouble_ ? *last_trouble_ : troubles::no_response;
    co_await answer(why);
}

co<std::unique_ptr<upstream_connection>> exchange::connect(upstream& to) {
    auto c = std::make_unique<upstream_connection>(context_.loop, to, context_.worker);
    instance_ = &c->socket;
    counters::add(context_.count.upstream_connects);
    const auto before = context_.loop.now();
    const auto done =
        co_await c->socket.connect(to.address(), to.address_size(), in(context_.settings.connect_timeout));
    instance_ = nullptr;
    record_.connect_ms += milliseconds_between(before, context_.loop.now());
    if (done.error == 0) co_return c;
    last_trouble_ = done.error == ETIMEDOUT ? &troubles::connect_timeout : &troubles::refused;
    co_return nullptr;
}

co<exchange::outcome> exchange::attempt(upstream& to) {
    const auto now = context_.loop.now();
    const auto longest = is_idempotent_ ? context_.settings.pool.idle_time : fresh_enough;
    auto c = reuse_allowed_ ? to.take_idle(context_.worker, now, longest) : nullptr;
    if (c) {
        counters::add(context_.count.upstream_reuses);
    } else {
        c = co_await connect(to);
        if (!c) co_return client_failed_ ? outcome::failed : outcome::unreachable;
    }
    connected_ = context_.loop.now();
    instance_ = &c->socket;
    instance_reusable_ = false;
    auto how = outcome::failed;
    std::exception_ptr fault;
    try {
        how = co_await send_and_relay(*c);
    } catch (...) {
        fault = std::current_exception();  // the upload must have ended before anything it uses goes
    }
    co_await end_upload(c->socket);
    instance_ = nullptr;
    if (fault) std::rethrow_exception(fault);
    if (instance_reusable_ && !upload_failed_ && upload_.done() && first_part_ == 0)
        to.give_back(std::move(c), context_.loop.now());
    co_return how;
}

bool exchange::may_retry(const upstream_connection& c) const noexcept {
    return c.reused && replayable_ && !response_begun_ && !client_failed_;
}

co<exchange::outcome> exchange::send_and_relay(upstream_connection& to) {
    const auto part = input_.view().substr(0, first_part_);
    const auto sent = co_await to.socket.write({memory_.request_head, part, {}}, in(context_.settings.body_timeout));
    if (sent.error != 0) {
        // The instance closed before it got this: no method is unsafe to send again.
        if (may_retry(to) && (sent.size == 0 || is_idempotent_)) co_return outcome::stale;
        upload_failed_ = true;  // it may have answered all the same
    }
    const bool more = !upload_.done() && !upload_failed_;
    // Until the request is complete its own deadlines count, not the response's.
    response_due_ = in(more ? context_.settings.tunnel_timeout : context_.settings.first_byte_timeout);
    if (more) uploading_.start(upload(to.socket));
    if (!upload_failed_ && !is_idempotent_) replayable_ = false;
    input_buffer in(context_.buffers);
    const auto how = co_await read_head(to, in);
    if (how != outcome::answered) co_return how;
    co_return co_await relay(to, in, response_head_size_);
}

co<> exchange::upload(stream& to) {
    replayable_ = false;
    input_.consume(std::exchange(first_part_, 0));
    while (!upload_.done()) {
        input_.prepare();
        const auto got =
            co_await client_.read(input_.free_begin(), input_.free_size(), in(context_.settings.body_timeout));
        if (got.error == ECANCELED) co_return;
        if (got.error != 0 || got.size == 0) {
            client_failed_ = true;
            break;
        }
        input_.added(got.size);
        const auto step = upload_.take(input_.view());
        if (step.bad) {
            client_failed_ = true;
            break;
        }
        const auto sent = co_await to.write(input_.view().substr(0, step.used), in(context_.settings.body_timeout));
        input_.consume(step.used);
        if (sent.error != 0) {
            upload_failed_ = true;
            co_return;
        }
    }
    if (client_failed_) {
        to.cancel_read();
        co_return;
    }
    response_due_ = in(context_.settings.first_byte_timeout);
    to.extend_read(response_due_);
}

co<> exchange::end_upload(stream& to) {
    if (!uploading_.running()) {
        co_await uploading_.join();
        co_return;
    }
    // The answer is complete, and nobody wants the rest of the request.
    upload_failed_ = true;
    keep_alive_ = false;
    client_.cancel_read();
    to.cancel_write();
    co_await uploading_.join();
    client_.clear_cancelled();
}

void exchange::finish() {
    const auto now = context_.loop.refresh_now();
    auto& count = context_.count;
    counters::add(count.requests);
    // A client that left before it was answered is in no class of answers.
    const bool answered = record_.status >= 100 && record_.status < 600 && record_.status != 499;
    const auto in_class = answered ? static_cast<std::size_t>(record_.status / 100) : 0;
    counters::add(count.by_class[in_class]);
    counters::add(count.bytes_out, record_.bytes);
    // A client that left has no latency, and a tunnel's is its users' patience.
    counted_.end(in_class, now - started_, record_.bytes, in_class <= 1);
    if (!context_.log) return;
    record_.service_ms = milliseconds_between(record_.instance.empty() ? started_ : connected_, now);
    append_line(record_, context_.log_lines);
    context_.log->write(context_.log_lines);
}

}  // namespace gasper::router
