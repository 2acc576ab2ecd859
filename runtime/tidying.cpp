#include <algorithm>

#include "runtime/engine/client.hpp"
#include "runtime/host/overlay.hpp"
#include "runtime/single_engine_impl.hpp"

namespace gasper::runtime {

using std::chrono::seconds;

namespace {

std::string role_of(const container_summary& c) {
    const auto at = c.label.find("gasper.role");
    return at == c.label.end() ? std::string() : at->second;
}

}  // namespace

task<result<>> single_engine::tidy(std::vector<std::string> keep, std::vector<std::string> apps) {
    const auto until = deadline::after(seconds(120));
    auto all = co_await ours("", until);
    if (!all) co_return all.error();
    std::set<std::string> stays(keep.begin(), keep.end());
    for (const auto& c : *all) {
        const auto role = role_of(c);
        const bool runs = role == "instance" && (c.state == "running" || c.state == "paused");
        const bool known = role == "instance" || role == "sandbox" || role == "once";
        const bool young = now() - c.created < options_.stray_after;
        if (!known || runs || young || in_flight_.contains(c.name)) stays.insert(c.id);
    }
    for (const auto& c : *all)
        if (const auto at = c.label.find("gasper.sandbox"); at != c.label.end() && stays.contains(c.id))
            stays.insert(at->second);
    std::set<std::string> directories(in_flight_);
    for (const auto& id : stays)
        directories.insert(directory_name(id));
    std::erase_if(*all, [&](const container_summary& c) { return stays.contains(c.id); });
    for (const auto& c : *all)
        log_.info("a stray container is removed", {{"name", c.name}, {"state", c.state}});
    auto removed = co_await remove_all(std::move(*all), until);
    auto cleared = co_await remove_directories(std::move(directories));
    std::set<std::string> known(apps.begin(), apps.end());
    auto networks = co_await networks_.remove_strays(std::move(known), until);
    for (const auto& ok : {removed, cleared, networks})
        if (!ok) co_return ok;
    co_return result<>();
}

}  // namespace gasper::runtime
