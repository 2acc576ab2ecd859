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
    // Directories are looked at first: whatever makes one has a container by the second look, or is in flight still.
    const auto list = [home = instances()] { return list_app_directories(home); };
    auto unused = co_await files_.run(list);
    auto all = co_await ours("", until);
    if (!all) co_return all.error();
    std::set<std::string> stays(keep.begin(), keep.end());
    for (const auto& c : *all) {
        const auto role = role_of(c);
        const bool known = role == "instance" || role == "sandbox" || role == "once";
        const bool others = c.label.contains("gasper.service") || c.label.contains("gasper.kept");
        const bool runs = role == "instance" && (c.state == "running" || c.state == "paused");
        const bool young = now() - c.created < options_.stray_after;
        if (!known || others || runs || young || is_in_flight(c)) stays.insert(c.id);
        // An instance's is named after its sandbox, a run's as its container.
        std::erase(unused, directory_name(c.id));
        std::erase(unused, c.name);
    }
    for (const auto& c : *all)
        if (const auto at = c.label.find("gasper.sandbox"); at != c.label.end() && stays.contains(c.id))
            stays.insert(at->second);
    for (const auto& name : in_flight_)
        std::erase(unused, name);
    std::erase_if(*all, [&](const container_summary& c) { return stays.contains(c.id); });
    for (const auto& c : *all)
        log_.info("a stray container is removed", {{"name", c.name}, {"state", c.state}});
    auto removed = co_await remove_all(std::move(*all), until);
    auto cleared = co_await remove_these(std::move(unused));
    std::set<std::string> known(apps.begin(), apps.end());
    auto networks = co_await networks_.remove_strays(std::move(known), until);
    for (const auto& ok : {removed, cleared, networks})
        if (!ok) co_return ok;
    co_return result<>();
}

task<result<>> single_engine::remove_these(std::vector<std::string> directories) {
    const auto work = [home = instances(), &directories]() -> result<> {
        result<> first;
        for (const auto& name : directories)
            if (auto ok = remove_app_directory(home, name); !ok && first) first = ok;
        return first;
    };
    co_return co_await files_.run(work);
}

}  // namespace gasper::runtime
