#include <algorithm>

#include "runtime/engine/client.hpp"
#include "runtime/host/disk.hpp"
#include "runtime/single_engine_impl.hpp"

namespace gasper::runtime {

using std::chrono::seconds;

namespace {

std::vector<std::string> containers_of(const std::vector<observed_instance>& these) {
    std::vector<std::string> ids;
    for (const auto& i : these)
        ids.push_back(i.container);
    return ids;
}

}  // namespace

task<result<std::vector<node>>> single_engine::nodes() {
    if (node_.name.empty()) co_return fail(errc::unavailable, "engine_unavailable", "the engine has not answered yet");
    auto here = node_;
    here.measured = load_.look();
    here.disks = look_at_disks({options_.data, engine_root_});
    std::vector<node> all{std::move(here)};
    co_return all;
}

// The engine is asked for a container's first process once; everything after that is read from the kernel.
task<> single_engine::find_cgroups(const std::vector<std::string>& containers, deadline until) {
    for (const auto& container : containers) {
        if (cgroups_.contains(container)) continue;
        auto state = co_await engine_.inspect_container(container, until);
        if (!state || !state->running || state->pid == 0) continue;
        const auto find = [pid = state->pid] { return find_cgroup(pid); };
        auto group = co_await files_.run(find);
        if (group) cgroups_[container] = *group;
    }
}

task<result<std::vector<instance_usage>>> single_engine::measure(std::vector<std::string> containers) {
    std::erase_if(cgroups_, [&](const auto& known) {
        return std::find(containers.begin(), containers.end(), known.first) == containers.end();
    });
    co_await find_cgroups(containers, deadline::after(seconds(30)));
    const auto read_all = [groups = cgroups_] {
        std::vector<instance_usage> all;
        for (const auto& [container, group] : groups)
            if (const auto u = read_usage(group))
                all.push_back({container, u->cpu_ns, u->memory_bytes, u->received, u->sent});
        return all;
    };
    auto all = co_await files_.run(read_all);
    co_return all;
}

task<result<std::vector<observed_instance>>> single_engine::over_disk(std::vector<observed_instance> these) {
    std::error_code ignored;
    const bool fills = filling_.more(static_cast<std::int64_t>(std::filesystem::space(instances(), ignored).free));
    if (fills) co_await find_cgroups(containers_of(these), deadline::after(seconds(30)));
    const auto count = [&these, fills, groups = cgroups_, home = instances()] {
        std::vector<observed_instance> over;
        for (const auto& i : these) {
            if (i.disk_bytes == 0) continue;
            auto written = bytes_below(home / directory_name(i.sandbox) / "upper", i.disk_bytes);
            const auto group = groups.find(i.container);
            if (fills && group != groups.end()) written += bytes_held(group->second, "/app");
            if (written > i.disk_bytes) over.push_back(i);
        }
        return over;
    };
    auto over = co_await counting_.run(count);
    co_return over;
}

}  // namespace gasper::runtime
