#include <fmt/format.h>

#include "runtime/engine/client.hpp"
#include "runtime/host/overlay.hpp"
#include "runtime/launch_command.hpp"
#include "runtime/single_engine_impl.hpp"

namespace gasper::runtime {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

std::string label_of(const container_summary& c, const char* key) {
    const auto at = c.label.find(key);
    return at == c.label.end() ? std::string() : at->second;
}

}  // namespace

container_spec single_engine::walled(const limits& limit) const {
    container_spec c;
    c.user = fmt::format("{}:{}", options_.uid, options_.gid);
    c.memory_bytes = limit.memory_bytes;
    c.cpus = limit.cpus;
    c.processes = limit.processes;
    // As process 1 a program would ignore SIGTERM unless it handles it, and nobody would reap its orphans.
    c.init = has_init_;
    return c;
}

// What it writes beside /app would be nobody's to count.
void single_engine::close_root(container_spec& c) const {
    c.read_only_root = true;
    const auto size = std::min(options_.tmp_bytes, c.memory_bytes);
    c.tmpfs["/tmp"] = fmt::format("rw,exec,nosuid,nodev,mode=1777,size={}", size);
}

container_spec single_engine::instance_container(const instance_spec& spec, const sandbox& in,
                                                 const std::string& app_directory) {
    auto c = walled(spec.limit);
    c.name = new_name(spec.app, spec.name);
    c.image = spec.image;
    c.entrypoint = {"/bin/sh", "-c"};
    c.command = {launch_command(spec.command)};
    c.env = spec.env;
    c.network = "container:" + in.container;
    c.label = own_labels("instance", spec.app);
    c.label["gasper.instance"] = spec.name;
    c.label["gasper.process"] = spec.process;
    c.label["gasper.release"] = std::to_string(spec.release);
    c.label["gasper.sandbox"] = in.container;
    c.label["gasper.address"] = in.address;
    c.label["gasper.port"] = std::to_string(spec.port);
    if (spec.reserved.memory_bytes > 0) c.label["gasper.reserved_memory"] = std::to_string(spec.reserved.memory_bytes);
    if (spec.reserved.cpus > 0) c.label["gasper.reserved_cpus"] = fmt::format("{:g}", spec.reserved.cpus);
    if (spec.limit.disk_bytes > 0) c.label["gasper.disk"] = std::to_string(spec.limit.disk_bytes);
    for (const auto& m : spec.mounts)
        c.mounts.push_back({m.from, m.to, m.read_only});
    c.log_driver = "local";
    c.log_options = {{"max-size", options_.log_size}, {"max-file", std::to_string(options_.log_files)}};
    if (!app_directory.empty()) {
        c.directory = "/app";
        c.mounts.push_back({app_directory, "/app", false});
        close_root(c);
    }
    return c;
}

task<result<std::string>> single_engine::start_in(instance_spec spec, sandbox in, std::string& name, deadline until) {
    std::string app_directory;
    if (!spec.directory.empty()) {
        auto make = [from = spec.directory, to = instances(), name = directory_name(in.container), uid = options_.uid,
                     gid = options_.gid] { return make_app_directory(to, name, from, uid, gid); };
        auto made = co_await files_.run(std::move(make));
        if (!made) co_return made.error();
        app_directory = made->app.string();
    }
    auto c = instance_container(spec, in, app_directory);
    in_flight guard(in_flight_, c.name);
    name = c.name;
    auto created = co_await engine_.create_container(std::move(c), until);
    if (!created) co_return created.error();
    auto started = co_await engine_.start_container(*created, until);
    if (started) co_return *created;
    (void)co_await engine_.remove_container(*created, deadline::after(seconds(30)));
    co_return started.error();
}

task<result<observed_instance>> single_engine::start(instance_spec spec, std::optional<sandbox> in, deadline until) {
    // sweep() goes by names and ids: both are protected while this runs.
    std::optional<in_flight> directory_guard;
    for (bool given = in.has_value();; given = false) {
        if (!given) {
            auto made = co_await make_sandbox(spec.app, until);
            if (!made) co_return made.error();
            in = *made;
        }
        directory_guard.emplace(in_flight_, directory_name(in->container));
        leftover all{{}, in->container, directory_name(in->container)};
        result<std::string> container = fail(errc::cancelled, "cancelled", "cancelled");
        std::exception_ptr interrupted;
        try {
            container = co_await start_in(spec, *in, all.container, until);
        } catch (...) {
            interrupted = std::current_exception();
        }
        if (interrupted) {
            background_.spawn("undo start", undo_start(all));
            std::rethrow_exception(interrupted);
        }
        if (container)
            co_return observed_instance{*container,
                                        in->container,
                                        spec.app,
                                        spec.name,
                                        spec.process,
                                        spec.release,
                                        in->address,
                                        spec.port,
                                        instance_state::starting,
                                        0,
                                        false,
                                        node_.name,
                                        now(),
                                        false,
                                        spec.reserved,
                                        spec.limit.disk_bytes};
        auto state = co_await engine_.inspect_container(in->container, deadline::after(seconds(10)));
        const bool sandbox_died = !state ? state.error().kind == errc::not_found : !state->running;
        (void)co_await remove_instance(all, deadline::after(seconds(30)));
        // A sandbox that was made ahead may have died meanwhile (the engine restarted): once more with a new one.
        if (!(given && sandbox_died)) co_return container.error();
    }
}

// The engine may still make what it was asked for before the connection was cut: look twice.
task<> single_engine::undo_start(leftover what) {
    (void)co_await remove_instance(what, deadline::after(seconds(30)));
    if (what.container.empty()) co_return;
    co_await sleep_until(deadline::after(seconds(2)));
    (void)co_await engine_.remove_container(what.container, deadline::after(seconds(30)));
}

task<result<>> single_engine::remove_instance(leftover what, deadline until) {
    result<> first;
    for (const auto& id : {what.container, what.sandbox}) {
        if (id.empty()) continue;
        auto ok = co_await engine_.remove_container(id, until);
        if (!ok && first) first = ok;
    }
    if (!what.directory.empty()) {
        auto remove = [directory = instances(), name = what.directory] {
            return remove_app_directory(directory, name);
        };
        auto ok = co_await files_.run(std::move(remove));
        if (!ok && first) first = ok;
    }
    co_return first;
}

task<result<>> single_engine::end(observed_instance instance, milliseconds grace) {
    const auto asked = deadline::after(grace);
    const auto until = deadline::after(grace + seconds(30));
    // conflict: it does not run; not_found: it is gone.
    const auto gone = [](const error& e) { return e.kind == errc::conflict || e.kind == errc::not_found; };
    auto told = co_await engine_.kill_container(instance.container, "SIGTERM", until);
    if (!told && gone(told.error())) co_return result<>();
    if (!told) co_return told;
    auto ended = co_await engine_.wait_container(instance.container, asked);
    if (ended || gone(ended.error())) co_return result<>();
    auto killed = co_await engine_.kill_container(instance.container, "SIGKILL", until);
    if (!killed && !gone(killed.error())) co_return killed;
    if (killed) (void)co_await engine_.wait_container(instance.container, until);
    co_return result<>();
}

task<result<>> single_engine::stop(observed_instance instance, milliseconds grace) {
    const auto until = deadline::after(grace + seconds(60));
    auto ended = co_await end(instance, grace);
    if (!ended) co_return ended;
    leftover all{instance.container, instance.sandbox, directory_name(instance.sandbox)};
    co_return co_await remove_instance(std::move(all), until);
}

task<result<observed_instance>> single_engine::observe(container_summary c, bool network_lives, deadline until) {
    observed_instance i;
    i.container = c.id;
    i.sandbox = label_of(c, "gasper.sandbox");
    i.app = label_of(c, "gasper.app");
    i.name = label_of(c, "gasper.instance");
    i.process = label_of(c, "gasper.process");
    i.release = number_in(label_of(c, "gasper.release"));
    i.address = label_of(c, "gasper.address");
    i.port = static_cast<std::uint16_t>(number_in(label_of(c, "gasper.port")));
    i.since = c.created;
    i.node = node_.name;
    i.reserved = {number_in<std::int64_t>(label_of(c, "gasper.reserved_memory")),
                  number_in<double>(label_of(c, "gasper.reserved_cpus"))};
    i.disk_bytes = number_in<std::int64_t>(label_of(c, "gasper.disk"));
    i.frozen = c.state == "paused";
    if (c.state == "running" || i.frozen) {
        i.state = network_lives ? instance_state::up : instance_state::crashed;
        co_return i;
    }
    if (c.state == "created") co_return i;
    auto detail = co_await engine_.inspect_container(c.id, until);
    if (!detail) co_return detail.error();
    i.exit_code = detail->exit_code;
    i.out_of_memory = detail->out_of_memory;
    i.state = i.exit_code == 0 && !i.out_of_memory ? instance_state::down : instance_state::crashed;
    co_return i;
}

task<result<std::vector<observed_instance>>> single_engine::list() {
    const auto until = deadline::after(seconds(30));
    auto all = co_await ours("", until);
    if (!all) co_return all.error();
    std::set<std::string> live_sandboxes;
    for (const auto& c : *all)
        if (label_of(c, "gasper.role") == "sandbox" && c.state == "running") live_sandboxes.insert(c.id);
    std::vector<observed_instance> out;
    for (const auto& c : *all) {
        if (label_of(c, "gasper.role") != "instance") continue;
        auto i = co_await observe(c, live_sandboxes.contains(label_of(c, "gasper.sandbox")), until);
        if (!i && i.error().kind == errc::not_found) continue;  // removed meanwhile
        if (!i) co_return i.error();
        out.push_back(std::move(*i));
    }
    co_return out;
}

task<result<std::multimap<std::string, sandbox>>> single_engine::idle_sandboxes() {
    auto all = co_await ours("", deadline::after(seconds(30)));
    if (!all) co_return all.error();
    std::set<std::string> inhabited;
    for (const auto& c : *all)
        inhabited.insert(label_of(c, "gasper.sandbox"));
    std::multimap<std::string, sandbox> idle;
    for (const auto& c : *all) {
        const bool runs = label_of(c, "gasper.role") == "sandbox" && c.state == "running" && !c.address.empty();
        if (runs && !inhabited.contains(c.id)) idle.emplace(label_of(c, "gasper.app"), sandbox{c.id, c.address});
    }
    co_return idle;
}

}  // namespace gasper::runtime
