#include "router/upstream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace gasper::router {

void upstream_connection::on_stream_event(stream&, bool) {
    // An instance has nothing to say between requests: it closed, or it misbehaves.
    if (idle_) to_.slots_[worker_].erase(at_);
}

upstream::upstream(const routed_instance& instance, unsigned workers, pool_limits limits)
    : name_(instance.name), address_text_(gasper::address_text(instance)), limits_(limits), slots_(workers) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address_);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address_);
    if (::inet_pton(AF_INET, instance.address.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(instance.port);
        address_size_ = sizeof *v4;
    } else if (::inet_pton(AF_INET6, instance.address.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(instance.port);
        address_size_ = sizeof *v6;
    }
}

std::unique_ptr<upstream_connection> upstream::take_idle(unsigned worker, clock::time_point now,
                                                         std::chrono::milliseconds longest) {
    auto& list = slots_[worker];
    while (!list.empty()) {
        if (now - list.front()->idle_since > std::min(longest, limits_.idle_time)) return nullptr;
        auto c = std::move(list.front());
        list.pop_front();
        c->idle_ = false;
        if (c->socket.has_input()) continue;
        c->reused = true;
        return c;
    }
    return nullptr;
}

void upstream::give_back(std::unique_ptr<upstream_connection> c, clock::time_point now) {
    if (gone_ || c->socket.has_input()) return;
    auto& list = slots_[c->worker_];
    c->idle_since = now;
    c->idle_ = true;
    c->socket.clear_cancelled();
    auto& kept = *c;
    list.push_front(std::move(c));
    kept.at_ = list.begin();
    if (list.size() > limits_.idle) list.pop_back();
}

void upstream::close_expired(unsigned worker, clock::time_point now) {
    auto& list = slots_[worker];
    while (!list.empty() && now - list.back()->idle_since > limits_.idle_time)
        list.pop_back();
}

}  // namespace gasper::router
