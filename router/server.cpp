#include "router/server.hpp"

#include <unistd.h>

#include "router/access_log.hpp"
#include "router/listen.hpp"
#include "router/worker.hpp"

namespace gasper::router {

result<> check(const options& o) {
    const auto bad = [](std::string what) { return fail(errc::invalid, "bad_router_option", std::move(what)); };
    if (split_addresses(o.http_address).empty() && split_addresses(o.https_address).empty())
        return bad("http_address: the router needs an address to listen on");
    if (o.threads < 1 || o.threads > 64) return bad("threads: from 1 to 64");
    if (o.max_connections < 1) return bad("max_connections: at least 1");
    if (o.max_attempts < 1 || o.max_attempts > 16) return bad("max_attempts: from 1 to 16");
    for (const auto t : {o.head_timeout, o.idle_timeout, o.connect_timeout, o.first_byte_timeout, o.body_timeout,
                         o.stream_timeout, o.tunnel_timeout, o.drain_timeout, o.wake_timeout})
        if (t <= std::chrono::milliseconds::zero()) return bad("timeouts: longer than zero");
    return {};
}

server::server(options settings) : settings_(std::move(settings)) {}

server::~server() {
    stop();
}

result<> server::start() {
    if (auto checked = check(settings_); !checked) return checked;
    if (settings_.access_log && settings_.access_file.empty()) {
        log_ = std::make_unique<access_log>(STDOUT_FILENO);
    } else if (settings_.access_log) {
        auto file = std::make_unique<access_file>(settings_.access_file, settings_.access_file_size);
        log_ = std::make_unique<access_log>(std::move(file));
    }
    for (unsigned i = 0; i < settings_.threads; ++i)
        workers_.push_back(std::make_unique<worker>(i, settings_, routes_, certificates_, log_.get(), reports_));
    auto bound = listen(settings_.http_address, false, port_);
    if (bound) bound = listen(settings_.https_address, true, https_port_);
    if (!bound) {
        workers_.clear();
        return bound;
    }
    for (auto& w : workers_)
        w->start();
    return {};
}

result<> server::listen(const std::string& list, bool https, std::uint16_t& port) {
    for (auto address : split_addresses(list)) {
        for (auto& w : workers_) {
            auto bound = bind_listener(address);
            if (!bound) return bound.error();
            // A port that the kernel chose is the same for all threads.
            if (address.ends_with(":0")) address = address.substr(0, address.size() - 1) + std::to_string(bound->port);
            if (port == 0) port = bound->port;
            w->listen({std::move(bound->fd), std::to_string(bound->port), https});
        }
    }
    return {};
}

result<> server::apply(std::shared_ptr<const table> next) {
    const auto before = routes_.get();
    auto map = std::make_shared<const route_map>(*next, before.get(), settings_.threads, settings_.pool);
    if (next->certificates != certificates_applied_) {
        certificates_.set(std::make_shared<const certificate_store>(next->certificates));
        certificates_applied_ = next->certificates;
    }
    routes_.set(map);
    auto gone = map->retired_since(*before);
    for (const auto& u : gone)
        u->retire();
    auto behind = std::make_shared<std::atomic<unsigned>>(static_cast<unsigned>(workers_.size()));
    reports_.applied(map, gone, behind);
    const auto shared = std::make_shared<const std::vector<std::shared_ptr<upstream>>>(std::move(gone));
    for (auto& w : workers_)
        w->applied(shared, [this, shared, behind] {
            if (behind->fetch_sub(1) == 1 && !shared->empty()) reports_.announce();
        });
    return {};
}

void server::drain(std::function<void()> drained) {
    auto left = std::make_shared<std::atomic<std::size_t>>(workers_.size());
    for (auto& w : workers_)
        w->drain([left, drained] {
            if (left->fetch_sub(1) == 1) drained();
        });
}

void server::stop() {
    for (auto& w : workers_)
        w->stop();
}

traffic server::count() const {
    traffic sum;
    for (const auto& w : workers_) {
        const auto& c = w->count();
        sum.requests += c.requests;
        for (std::size_t i = 0; i < 6; ++i)
            sum.by_class[i] += c.by_class[i];
        sum.retries += c.retries;
        sum.upstream_connects += c.upstream_connects;
        sum.upstream_reuses += c.upstream_reuses;
        sum.upgrades += c.upgrades;
        sum.bytes_out += c.bytes_out;
        sum.accepted += c.accepted;
        sum.connections += c.connections;
    }
    if (log_) sum.dropped_log_lines = log_->dropped();
    return sum;
}

}  // namespace gasper::router
