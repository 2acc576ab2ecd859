#include "control/services/doors.hpp"

namespace gasper::control {

namespace {

// It lives until its last connection has ended.
task<> keep_door(std::shared_ptr<runtime::service_door> door) {
    co_await door->run();
}

}  // namespace

result<> service_doors::open(runtime::door_options options, runtime::service_door::server_address server) {
    const auto name = options.service;
    close(name);
    auto door =
        std::make_shared<runtime::service_door>(background_.executor(), std::move(options), std::move(server), log_);
    if (auto heard = door->listen(); !heard) return heard;
    open_[name] = door;
    background_.spawn("door of " + name, keep_door(std::move(door)));
    return {};
}

void service_doors::close(const std::string& service) {
    ++changes_;
    const auto at = open_.find(service);
    if (at == open_.end()) return;
    at->second->close();
    open_.erase(at);
}

const runtime::service_door* service_doors::find(const std::string& service) const {
    const auto at = open_.find(service);
    return at == open_.end() ? nullptr : at->second.get();
}

std::vector<std::string> service_doors::names() const {
    std::vector<std::string> all;
    for (const auto& [name, door] : open_)
        all.push_back(name);
    return all;
}

}  // namespace gasper::control
