#include "router/worker.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>

namespace gasper::router {

namespace {

constexpr int accepts_per_event = 64;
constexpr std::chrono::milliseconds housekeeping_interval{200};

std::string text_of(const sockaddr_storage& address) {
    char text[INET6_ADDRSTRLEN]{};
    if (address.ss_family == AF_INET) {
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
        return text;
    }
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6))
        ::inet_ntop(AF_INET, v6.s6_addr + 12, text, sizeof text);
    else
        ::inet_ntop(AF_INET6, &v6, text, sizeof text);
    return text;
}

}  // namespace

/// A listening socket in the loop. Paused while there are too many connections or no descriptors are left.
struct worker::acceptor final : event_sink {
    acceptor(worker& w, listening_socket s) : of(w), socket(std::move(s)) { resume(); }
    ~acceptor() { pause(); }

    void resume() {
        if (!active) of.loop_.add(socket.fd.get(), EPOLLIN, *this);
        active = true;
    }
    void pause() noexcept {
        if (active) of.loop_.remove(socket.fd.get(), *this);
        active = false;
    }
    void on_events(std::uint32_t) override { accept(accepts_per_event); }
    void accept(int most) {
        for (int i = 0; i < most; ++i) {
            if (of.connections_.size() >= of.context_.settings.max_connections) return pause();
            unique_fd fd(::accept4(socket.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (!fd && (errno == EINTR || errno == ECONNABORTED)) continue;
            if (!fd && errno == EAGAIN) return;
            if (!fd) return pause();  // out of descriptors or memory: the housekeeping tries again
            of.accepted(std::move(fd), *this);
        }
    }

    worker& of;
    listening_socket socket;
    bool active{false};
};

struct worker::housekeeping final : timer {
    explicit housekeeping(worker& w) : of(w) {}
    ~housekeeping() override { of.loop_.timers().remove(*this); }
    void on_deadline() override { of.tick(); }
    void arm() { of.loop_.timers().set(*this, of.loop_.now() + housekeeping_interval, of.loop_.now()); }
    worker& of;
};

worker::worker(unsigned index, const options& settings, const snapshot<route_map>& routes,
               const snapshot<certificate_store>& certificates, access_log* log, reporter& reports)
    : waiting_(loop_, settings.first_byte_timeout),
      context_{loop_, buffers_, routes, certificates, settings, count_, log, reports, waiting_, index},
      housekeeping_(std::make_unique<housekeeping>(*this)) {}

worker::~worker() {
    stop();
}

void worker::listen(listening_socket on) {
    acceptors_.push_back(std::make_unique<acceptor>(*this, std::move(on)));
}

void worker::start() {
    thread_ = std::thread([this] {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, nullptr);  // signals are the main thread's
        housekeeping_->arm();
        loop_.run();
    });
}

void worker::accepted(unique_fd socket, const acceptor& on) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return;
    counters::add(count_.accepted);
    connections_.emplace_back(context_, client_identity{text_of(address), on.socket.port, on.socket.https});
    auto& c = connections_.back();
    c.at = std::prev(connections_.end());
    count_.connections.store(static_cast<std::int64_t>(connections_.size()), std::memory_order_relaxed);
    serve(c, std::move(socket));
}

root worker::serve(live& c, unique_fd socket) {
    try {
        co_await c.connection.serve(std::move(socket));
    } catch (const std::exception&) {
        // Memory or descriptors ran out for this connection: it ends, the others go on.
    }
    connections_.erase(c.at);
    count_.connections.store(static_cast<std::int64_t>(connections_.size()), std::memory_order_relaxed);
    check_drained();
}

void worker::tick() {
    if (context_.log) context_.log->write(context_.log_lines);
    const auto routes = context_.routes.get();
    routes->for_each_instance([&](upstream& u) { u.close_expired(context_.worker, loop_.now()); });
    if (!context_.draining && connections_.size() < context_.settings.max_connections)
        for (auto& a : acceptors_)
            a->resume();
    housekeeping_->arm();
}

void worker::stop_accepting() {
    for (auto& a : acceptors_)
        a->accept(1 << 16);  // what waits in the backlog would be reset
    acceptors_.clear();
}

void worker::drain(std::function<void()> drained) {
    loop_.post([this, drained = std::move(drained)]() mutable {
        drained_ = std::move(drained);
        stop_accepting();
        context_.draining = true;
        for (auto& c : connections_)
            c.connection.drain();
        check_drained();
    });
}

void worker::check_drained() {
    if (context_.draining && connections_.empty() && drained_) std::exchange(drained_, nullptr)();
    if (stopping_ && connections_.empty()) loop_.stop();
}

void worker::stop() {
    if (!thread_.joinable()) return;
    loop_.post([this] {
        stopping_ = true;
        acceptors_.clear();
        for (auto& c : connections_)
            c.connection.abort();
        check_drained();
    });
    thread_.join();
    const auto routes = context_.routes.get();
    routes->for_each_instance([&](upstream& u) { u.close_idle(context_.worker); });
    if (context_.log) context_.log->write(context_.log_lines);
}

void worker::applied(std::shared_ptr<const std::vector<std::shared_ptr<upstream>>> gone, std::function<void()> passed) {
    loop_.post([this, gone = std::move(gone), passed = std::move(passed)] {
        for (const auto& u : *gone)
            u->close_idle(context_.worker);
        waiting_.let_in(*context_.routes.get());
        passed();
    });
}

}  // namespace gasper::router
