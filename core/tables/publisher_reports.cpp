// What subscribers report, and what is answered from it.
#include <algorithm>

#include "core/tables/publisher_peer.hpp"

namespace gasper {

void table_publisher::on_report(report_handlers handlers) {
    if (handlers.wake) handlers_.wake = std::move(handlers.wake);
    if (handlers.idle) handlers_.idle = std::move(handlers.idle);
    if (handlers.traffic) handlers_.traffic = std::move(handlers.traffic);
}

void table_publisher::hear_report(peer& from, feed_report report) {
    if (report.leaving) from.leaving = std::move(report.leaving);
    for (const auto& app : report.wake)
        if (handlers_.wake) handlers_.wake(app);
    for (const auto& [app, idle] : report.idle)
        if (handlers_.idle) handlers_.idle(app, idle);
    for (const auto& [app, more] : report.traffic)
        if (handlers_.traffic) handlers_.traffic(app, more);
}

bool table_publisher::names(const std::string& address) const {
    if (!current_) return false;
    return std::ranges::any_of(current_->routes, [&](const route& r) {
        return std::ranges::any_of(r.instances, [&](const auto& i) { return address_text(i) == address; });
    });
}

// `since`: the first version that does not name the instance.
std::optional<std::uint64_t> table_publisher::in_flight(const std::string& name, const std::string& address,
                                                        std::uint64_t since) const {
    std::optional<std::uint64_t> sum;
    for (const auto& p : peers_) {
        if (p->closed || p->state.name != name) continue;
        if (!p->leaving || p->state.applied < since) return std::nullopt;
        const auto found = p->leaving->in_flight.find(address);
        const bool there = found != p->leaving->in_flight.end();
        if (!there && !p->leaving->complete) return std::nullopt;
        sum = sum.value_or(0) + (there ? found->second : 0);
    }
    return sum;
}

std::optional<std::uint64_t> table_publisher::in_flight(const std::string& name, const std::string& address) const {
    return current_ ? in_flight(name, address, current_->version) : std::nullopt;
}

task<bool> table_publisher::drained(std::string name, std::string address, std::chrono::milliseconds blind,
                                    deadline until) {
    std::optional<std::uint64_t> looked_at, left_at;
    auto blind_end = deadline::after(blind);
    for (;;) {
        if (current_ && current_->version != looked_at) {
            looked_at = current_->version;
            if (names(address))
                left_at.reset();
            else
                left_at = left_at ? left_at : looked_at;
        }
        const auto known = left_at ? in_flight(name, address, *left_at) : std::nullopt;
        if (known == 0) co_return true;
        if (known) blind_end = deadline::after(blind);
        const auto limit = until.sooner(blind_end.remaining());
        if (limit.expired()) co_return false;
        co_await await_change(limit);
    }
}

}  // namespace gasper
