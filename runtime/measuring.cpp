#include <algorithm>

#include "runtime/engine/client.hpp"
#include "runtime/host/disk.hpp"
#include "runtime/single_engine_impl.hpp"

namespace gasper::runtime {

using std::chrono::seconds;

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

// The numbers of those that hold more than they may.
task<std::vector<std::size_t>> single_engine::those_over(std::vector<layer> these, filling& disk) {
    std::error_code ignored;
    const bool fills = disk.more(static_cast<std::int64_t>(std::filesystem::space(instances(), ignored).free));
    if (fills) {
        std::vector<std::string> containers;
        for (const auto& l : these)
            containers.push_back(l.container);
        co_await find_cgroups(containers, deadline::after(seconds(30)));
    }
    const auto count = [&these, fills, groups = cgroups_, home = instances()] {
        std::vector<std::size_t> over;
        for (std::size_t n = 0; n < these.size(); ++n) {
            const auto& l = these[n];
            if (l.limit == 0) continue;
            auto written = bytes_below(home / l.directory / "upper", l.limit);
            const auto group = groups.find(l.container);
            if (fills && group != groups.end()) written += bytes_held(group->second, "/app");
            if (written > l.limit) over.push_back(n);
        }
        return over;
    };
    auto over = co_await counting_.run(count);
    co_return over;
}

task<result<std::vector<observed_instance>>> single_engine::over_disk(std::vector<observed_instance> these) {
    std::vector<layer> layers;
    for (const auto& i : these)
        layers.push_back({directory_name(i.sandbox), i.container, i.disk_bytes});
    const auto numbers = co_await those_over(std::move(layers), filling_);
    std::vector<observed_instance> over;
    for (const auto n : numbers)
        over.push_back(these[n]);
    co_return over;
}

task<result<>> single_engine::end_runs_over_disk() {
    std::vector<layer> layers;
    for (const auto& [directory, run] : runs_)
        if (run.limit > 0 && !run.ended) layers.push_back({directory, run.container, run.limit});
    if (layers.empty()) co_return result<>();
    const auto numbers = co_await those_over(layers, runs_filling_);
    result<> first;
    for (const auto n : numbers) {
        const auto& over = layers[n];
        const auto run = runs_.find(over.directory);
        if (run == runs_.end()) continue;
        run->second.ended = true;  // before its end is seen
        auto killed = co_await engine_.kill_container(over.container, "SIGKILL", deadline::after(seconds(30)));
        if (killed) continue;
        if (const auto still = runs_.find(over.directory); still != runs_.end()) still->second.ended = false;
        const bool ended = killed.error().kind == errc::conflict || killed.error().kind == errc::not_found;
        if (!ended && first) first = killed;
    }
    co_return first;
}

}  // namespace gasper::runtime
