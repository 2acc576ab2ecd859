#include "control/metrics/metrics.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>

#include "control/metrics/exposition.hpp"
#include "control/metrics/series_file.hpp"
#include "control/parts.hpp"
#include "control/platform.hpp"
#include "control/services/figures.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

using instance_values = std::array<double, instance_columns.size()>;

double& column(instance_values& v, instance_column c) {
    return v[static_cast<std::size_t>(c)];
}

std::int64_t seconds_of(sys_time at) {
    return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

double grown(std::uint64_t before, std::uint64_t after) {
    return after > before ? static_cast<double>(after - before) : 0;
}

std::vector<runtime::observed_instance> all_running(const parts& p) {
    auto all = p.running.all();
    std::erase_if(all,
                  [](const auto& i) { return i.state == instance_state::crashed || i.state == instance_state::down; });
    return all;
}

}  // namespace

metrics::metrics(platform& p) : platform_(p), store_(p.shared().settings.data / "metrics", p.shared().log) {}

task<> metrics::run() {
    for (auto next = clock::now();;) {
        co_await sample_once(gasper::now(), clock::now());
        next = std::max(next + interval, clock::now() + interval / 2);
        co_await sleep_until(deadline(next));
    }
}

void metrics::add_requests(const std::string& app, const app_traffic& more) {
    if (!apps_.contains(app)) return;
    requests_[app] += more;
    if (more.requests > 0 || more.bytes_out > 0) unwritten_[app] += more;
}

task<> metrics::keep_existing_apps() {
    const auto rows =
        co_await platform_.shared().db.read([](SQLite::Database& db) { return store::served_versions(db); });
    std::set<std::string> apps;
    for (const auto& [name, version] : rows)
        apps.insert(name);
    const auto gone = [&](const auto& entry) { return !apps.contains(entry.first); };
    std::erase_if(requests_, gone);
    std::erase_if(unwritten_, gone);
    // At the first sample too: an app may have gone while nobody measured.
    const bool some_went = !last_ || !std::includes(apps.begin(), apps.end(), apps_.begin(), apps_.end());
    apps_ = std::move(apps);
    if (some_went) co_await store_.keep_only(apps_);
}

task<> metrics::sample_once(sys_time at, clock::time_point ticks) {
    auto& p = platform_.shared();
    co_await keep_existing_apps();
    const auto running = all_running(p);
    std::vector<std::string> containers;
    for (const auto& i : running)
        containers.push_back(i.container);
    auto usage = co_await p.cluster.measure(containers);
    if (!usage) {
        p.log.warn("nothing was measured", {{"reason", usage.error().message}});
        co_return;
    }
    auto batch = samples_of(running, *usage, seconds_of(at), ticks);
    for (const auto& [app, traffic] : std::exchange(unwritten_, {})) {
        const auto values = to_values(traffic);
        batch.push_back({.app = app, .at = seconds_of(at), .values = {values.begin(), values.end()}});
    }
    forget_what_is_gone(running);
    last_ = ticks;
    co_await store_.write(std::move(batch));
}

// A container of the same name and release is another: the one before it ended. A new release is no restart.
bool metrics::note_restart(const runtime::observed_instance& i) {
    auto& last = names_[{i.app, i.name}];
    if (last.container == i.container || i.release < last.release) return false;
    const bool again = !last.container.empty() && last.release == i.release;
    last.container = i.container;
    last.release = i.release;
    last.restarts += again;
    return again;
}

std::vector<sample> metrics::samples_of(const std::vector<runtime::observed_instance>& running,
                                        const std::vector<runtime::instance_usage>& usage, std::int64_t at,
                                        clock::time_point ticks) {
    std::map<std::string, const runtime::instance_usage*> used;
    for (const auto& u : usage)
        used[u.container] = &u;
    std::map<instance_name, instance_values> rows;
    now_.clear();
    for (const auto& i : running) {
        const auto found = used.find(i.container);
        if (found == used.end()) continue;
        const auto& u = *found->second;
        // One that started since the last sample used all of it since; of an older one the beginning is not known.
        auto known = containers_.find(i.container);
        if (known == containers_.end()) {
            const bool young = last_ && gasper::now() - i.since < ticks - *last_ + interval;
            known =
                containers_.emplace(i.container, known_container{young ? runtime::instance_usage{} : u, ticks}).first;
            if (young) known->second.at = *last_;
        }
        const auto& before = known->second;
        const auto seconds = std::chrono::duration<double>(ticks - before.at).count();
        auto& row = rows[{i.app, i.name}];
        const auto cpu_seconds = grown(before.usage.cpu_ns, u.cpu_ns) / 1e9;
        column(row, instance_column::seconds) = std::max(column(row, instance_column::seconds), seconds);
        column(row, instance_column::cpu_seconds) += cpu_seconds;
        column(row, instance_column::memory_byte_seconds) += static_cast<double>(u.memory_bytes) * seconds;
        column(row, instance_column::memory_largest) += static_cast<double>(u.memory_bytes);
        column(row, instance_column::received) += grown(before.usage.received, u.received);
        column(row, instance_column::sent) += grown(before.usage.sent, u.sent);
        column(row, instance_column::restarts) += note_restart(i) ? 1 : 0;
        if (auto& last = names_[{i.app, i.name}]; last.container == i.container)
            now_[{i.app, i.name}] = {i.app,
                                     i.name,
                                     i.container,
                                     std::string(to_string(i.state)),
                                     u,
                                     seconds > 0 ? cpu_seconds / seconds : 0,
                                     last.restarts};
        known->second = {u, ticks};
    }
    std::vector<sample> batch;
    for (auto& [name, row] : rows)
        if (column(row, instance_column::seconds) > 0 || column(row, instance_column::restarts) > 0)
            batch.push_back({name.first, name.second, at, {row.begin(), row.end()}});
    return batch;
}

void metrics::forget_what_is_gone(const std::vector<runtime::observed_instance>& running) {
    std::set<std::string> containers;
    for (const auto& i : running)
        containers.insert(i.container);
    std::erase_if(containers_, [&](const auto& c) { return !containers.contains(c.first); });
    std::erase_if(names_, [&](const auto& n) { return !apps_.contains(n.first.first); });
}

task<result<app_metrics>> metrics::of(identity who, std::string app, metrics_query query) {
    auto found = co_await platform_.apps().authorize(who, app);
    if (!found) co_return found.error();
    const auto now = seconds_of(gasper::now());
    app_metrics m;
    m.when.to = query.to > 0 ? query.to : now + 1;
    m.when.from = query.from > 0 ? query.from : m.when.to - 3600;
    if (m.when.from >= m.when.to) co_return fail(errc::invalid, "metrics_span", "`from` must be before `to`");
    const auto length = m.when.to - m.when.from;
    m.when.step = query.step > 0 ? query.step : std::max<std::int64_t>(resolutions[0].step, length / 120);
    // What cannot be told apart on disk is not told apart in the answer.
    m.when.step = std::max(m.when.step, resolutions[level_for(m.when.from, m.when.step, now)].step);
    if (length / m.when.step > most_points)
        co_return fail(errc::invalid, "metrics_step",
                       "that are more than " + std::to_string(most_points) + " points: ask for a larger step");
    m.series = co_await store_.read(app, m.when, now);
    m.now = latest(app);
    co_return m;
}

std::vector<instance_now> metrics::latest(const std::string& app) const {
    std::vector<instance_now> all;
    for (const auto& [name, instance] : now_)
        if (name.first == app) all.push_back(instance);
    return all;
}

task<std::string> metrics::exposition() {
    auto& p = platform_.shared();
    exposed e;
    for (const auto& [name, instance] : now_)
        e.instances.push_back(instance);
    e.requests = requests_;
    e.apps = apps_.size();
    auto nodes = co_await p.cluster.nodes();
    if (nodes) e.nodes = *nodes;
    e.services = co_await services_now(p);
    e.at = gasper::now();
    e.process = look_at_process();
    co_return to_prometheus(e);
}

}  // namespace gasper::control
