#include "control/placing.hpp"

namespace gasper::control {

std::vector<instance_request> as_requests(const std::vector<runtime::observed_instance>& instances) {
    std::vector<instance_request> all;
    for (const auto& i : instances) {
        if (i.state == instance_state::crashed || i.state == instance_state::down) continue;
        all.push_back({.app = i.app, .process = i.process, .name = i.name, .reserved = i.reserved, .node = i.node});
    }
    return all;
}

placing::room::room(placing& of, instance_request taken)
    : of_(&of), entry_(of.starting_.insert(of.starting_.end(), std::move(taken))) {}

void placing::room::give_back() {
    if (auto* of = std::exchange(of_, nullptr)) of->starting_.erase(entry_);
}

task<result<placing::room>> placing::find_room(const fleet& running, instance_request wanted) {
    auto nodes = co_await cluster_.nodes();
    if (!nodes) co_return nodes.error();
    placement_index index(said_.applied_to(std::move(*nodes)));
    for (const auto& there : as_requests(running.all()))
        if (const auto at = index.find(there.node); at != placement_index::none()) index.add(there, at);
    for (const auto& coming : starting_)
        if (const auto at = index.find(coming.node); at != placement_index::none()) index.add(coming, at);
    auto at = index.place(wanted);
    if (!at) co_return at.error();
    wanted.node = index.name(*at);
    co_return room(*this, std::move(wanted));
}

}  // namespace gasper::control
