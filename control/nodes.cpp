#include "control/nodes.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/audit.hpp"
#include "control/node_drains.hpp"
#include "control/parts.hpp"
#include "control/platform.hpp"
#include "control/supervision.hpp"

namespace gasper::control {

namespace {

node_view view_of(const parts& p, node n) {
    node_view v{.info = std::move(n)};
    for (const auto& d : v.info.disks)
        v.low.push_back(p.disk.low(v.info.name, d.path));
    for (const auto& i : p.running.all()) {
        if (i.node != v.info.name || i.state == instance_state::crashed || i.state == instance_state::down) continue;
        v.reserved += i.reserved;
        v.instances.push_back(
            {.app = i.app, .name = i.name, .state = std::string(to_string(i.state)), .version = i.release});
    }
    std::sort(v.instances.begin(), v.instances.end(), [](const auto& a, const auto& b) {
        return std::tie(a.app, a.name, a.version) < std::tie(b.app, b.name, b.version);
    });
    return v;
}

}  // namespace

task<result<std::vector<node_view>>> nodes::list(identity who) {
    if (!who.admin) co_return fail(errc::forbidden, "admin_only", "nodes show everybody's apps: only admins see them");
    auto& p = platform_.shared();
    auto machines = co_await p.cluster.nodes();
    if (!machines) co_return machines.error();
    std::vector<node_view> views;
    for (auto& n : p.machines.applied_to(std::move(*machines)))
        views.push_back(view_of(p, std::move(n)));
    co_return views;
}

task<result<node_view>> nodes::info(identity who, std::string name) {
    auto all = co_await list(std::move(who));
    if (!all) co_return all.error();
    for (auto& n : *all)
        if (n.info.name == name) co_return std::move(n);
    co_return fail(errc::not_found, "node_not_found", "there is no node '" + name + "'");
}

task<> nodes::remember(std::string name, store::node_settings said) {
    auto& p = platform_.shared();
    co_await p.db.transaction([&](SQLite::Database& db) { store::set_node_settings(db, name, said); });
    p.machines.set(name, std::move(said));
}

task<result<job_id>> nodes::drain(identity who, std::string name, bool force) {
    auto found = co_await info(who, name);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    if (!force) {
        auto fits = co_await check_room_elsewhere(p, name);
        if (!fits) co_return fits.error();
    }
    const nlohmann::json input{{"node", name}, {"force", force}};
    job description{.kind = "drain", .key = "node:" + name, .input = input.dump(), .user = who.name};
    auto run = [&p, name, force, user = who.name](job_context& job) { return run_drain(p, name, force, user, job); };
    auto id = co_await p.jobs.start(std::move(description), std::move(run));
    if (id) co_await record(p, who.name, "node.draining", "", name);
    co_return id;
}

task<result<node_view>> nodes::activate(identity who, std::string name) {
    auto found = co_await info(who, name);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    auto said = p.machines.of(name);
    if (said.draining) {
        said.draining = false;
        co_await remember(name, std::move(said));
        co_await record(p, who.name, "node.activated", "", name);
    }
    // Refusals are of single apps and said in their logs.
    auto looked = co_await look_around(p);
    if (!looked) p.log.warn("the engine cannot be asked", {{"reason", looked.error().message}});
    co_return co_await info(who, name);
}

task<result<node_view>> nodes::label(identity who, std::string name, node_labels changes) {
    auto found = co_await info(who, name);
    if (!found) co_return found.error();
    auto& p = platform_.shared();
    auto said = p.machines.of(name);
    std::string words;
    for (const auto& [key, value] : changes) {
        words += (words.empty() ? " " : ", ") + key + "=" + value;
        if (value.empty())
            said.labels.erase(key);
        else
            said.labels[key] = value;
    }
    if (auto fits = check_labels(said.labels, "labels"); !fits) co_return fits.error();
    co_await remember(name, std::move(said));
    co_await record(p, who.name, "node.labelled", "", name + words);
    co_return co_await info(who, name);
}

}  // namespace gasper::control
