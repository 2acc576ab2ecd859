#include "runtime/single_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/base/crypto.hpp"
#include "core/base/join.hpp"
#include "runtime/engine/client.hpp"
#include "runtime/host/overlay.hpp"
#include "runtime/sandbox/pause_image.hpp"
#include "runtime/single_engine_impl.hpp"
#include "runtime/stacks/claims.hpp"

namespace gasper::runtime {

namespace {

using std::chrono::seconds;

single_engine_options complete(single_engine_options o) {
    o.data = std::filesystem::absolute(o.data).lexically_normal();
    if (o.id.empty()) o.id = sha256_hex(o.data.string()).substr(0, 8);
    return o;
}

}  // namespace

single_engine::single_engine(engine_client& engine, blocking_pool& files, single_engine_options options, logger& log)
    : engine_(engine),
      files_(files),
      options_(complete(std::move(options))),
      log_(log),
      networks_(engine, {options_.id, options_.pool, options_.prefix}, log),
      wall_(networks_.bridge_prefix(), options_.open_host_ports),
      sandbox_image_(pause_image_reference()),
      background_(engine.executor(), [this](const std::string& name, const std::string& what) {
          log_.error("runtime_background", {{"task", name}, {"fault", what}});
      }) {}

single_engine::~single_engine() = default;

labels single_engine::own_labels(const std::string& role, const std::string& app) const {
    return {{"gasper.data", options_.id}, {"gasper.role", role}, {"gasper.app", app}};
}

std::string single_engine::new_name(const std::string& app, const std::string& what) const {
    std::string name = fmt::format("gasper-{}-{}-{}-{}", options_.id, app, what, random_hex(4));
    for (auto& c : name)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_'))
            c = '-';
    return name;
}

task<result<>> single_engine::connect(deadline until) {
    auto version = co_await engine_.negotiate(until);
    if (!version) co_return version.error();
    auto info = co_await engine_.info(until);
    if (!info) co_return info.error();
    has_init_ = !info->init_binary.empty();
    node_.name = info->name;
    node_.capacity = {info->memory_bytes, static_cast<double>(info->cpus)};
    node_.engine = version->engine;
    engine_root_ = info->root;
    networks_.forget_all();
    auto make_directory = [directory = instances()] {
        std::error_code ec;
        std::filesystem::create_directories(directory, ec);
        return ec;
    };
    const auto made = co_await files_.run(std::move(make_directory));
    if (made) co_return fail(errc::failed, "data_directory", instances().string() + ": " + made.message());
    if (auto ok = co_await ensure_sandbox_image(until); !ok) co_return ok;
    if (auto ok = co_await networks_.ensure("", until); !ok) co_return ok.error();
    if (options_.wall_host) {
        if (const auto builds = networks_.builds()) wall_.allow(networks_.bridge_name(""), builds->lower_half().text());
        auto walled_off = co_await wall_.build(until);
        wall_missing_ = walled_off ? "" : walled_off.error().message;
        if (!walled_off) log_.warn("host_not_walled", {{"reason", wall_missing_}});
    }
    log_.info(
        "engine_connected",
        {{"engine", version->engine}, {"api", version->api}, {"cgroup", info->cgroup_version}, {"id", options_.id}});
    co_return result<>();
}

task<result<>> single_engine::ensure_sandbox_image(deadline until) {
    auto there = co_await engine_.image_exists(sandbox_image_, until);
    if (!there) co_return there.error();
    if (*there) co_return result<>();
    auto left = std::make_shared<std::string>(pause_image_tar());
    auto piece = [](std::shared_ptr<std::string> from) -> task<result<std::string>> {
        co_return std::exchange(*from, {});
    };
    byte_source tar = [left, piece] { return piece(left); };
    std::vector<std::string> changes{"ENTRYPOINT [\"/pause\"]"};
    auto made = co_await engine_.import_image(std::move(tar), sandbox_image_, std::move(changes), until);
    if (!made) co_return made.error();
    co_return result<>();
}

task<result<sandbox>> single_engine::make_sandbox(std::string app, deadline until) {
    auto network = co_await networks_.ensure(app, until);
    if (!network) co_return network.error();
    in_flight guard(in_flight_, new_name(app, "net"));
    container_spec spec;
    spec.name = guard.name();
    spec.image = sandbox_image_;
    spec.label = own_labels("sandbox", app);
    spec.network = *network;
    spec.hostname = app;
    spec.user = "65534:65534";
    // It needs some kilobytes, but the engine's own start of a process stands within the limit too, and with
    // transparent huge pages (Debian's default) that takes more than 16 MiB.
    spec.memory_bytes = 64 << 20;
    spec.processes = 8;
    spec.read_only_root = true;
    spec.log_driver = "none";
    auto made = co_await engine_.create_container(spec, until);
    if (!made && made.error().kind == errc::not_found) {
        // The network or the image was removed behind our back.
        networks_.forget(app);
        if (auto ok = co_await networks_.ensure(app, until); !ok) co_return ok.error();
        if (auto ok = co_await ensure_sandbox_image(until); !ok) co_return ok.error();
        made = co_await engine_.create_container(spec, until);
    }
    if (!made) co_return made.error();
    // GCC 12 destroys a co_await's result twice inside a conditional expression: statements, then.
    result<container_state> state = fail(errc::failed, "sandbox", "the network sandbox got no address");
    auto started = co_await engine_.start_container(*made, until);
    if (started) {
        auto seen = co_await engine_.inspect_container(*made, until);
        if (!seen || !seen->address.empty()) state = std::move(seen);
    } else {
        state = started.error();
    }
    if (!state) {
        networks_.forget(app);
        (void)co_await engine_.remove_container(*made, deadline::after(seconds(30)));
        co_return state.error();
    }
    co_return sandbox{*made, state->address};
}

task<result<>> single_engine::drop_sandbox(sandbox unused) {
    return engine_.remove_container(std::move(unused.container), deadline::after(seconds(30)));
}

task<result<std::vector<container_summary>>> single_engine::ours(std::string more, deadline until) {
    std::vector<std::string> with{scope_label()};
    if (!more.empty()) with.push_back(std::move(more));
    return engine_.list_containers(std::move(with), until);
}

task<result<>> single_engine::remove_all(std::vector<container_summary> these, deadline until) {
    // Instances before the sandboxes that they live in.
    std::vector<std::string> inner, outer;
    for (auto& c : these)
        (c.label.count("gasper.sandbox") > 0 ? inner : outer).push_back(c.id);
    auto instances_gone = co_await remove_side_by_side(std::move(inner), until);
    auto others_gone = co_await remove_side_by_side(std::move(outer), until);
    co_return instances_gone ? others_gone : instances_gone;
}

// A few at a time: each spends most of its time waiting for the kernel.
task<result<>> single_engine::remove_side_by_side(std::vector<std::string> ids, deadline until) {
    constexpr std::size_t at_once = 6;
    result<> first;
    auto take = [](single_engine& self, std::vector<std::string>& from, result<>& refused, deadline limit) -> task<> {
        while (!from.empty()) {
            const auto id = std::move(from.back());
            from.pop_back();
            auto ok = co_await self.engine_.remove_container(id, limit);
            if (!ok && refused) refused = ok;
        }
    };
    task_scope workers(engine_.executor(), [&first](const std::string&, const std::string& what) {
        first = fail(errc::failed, "internal", what);
    });
    for (std::size_t i = 0; i < std::min(at_once, ids.size()); ++i)
        workers.spawn("remove", take(*this, ids, first, until));
    co_await join_or_cancel(workers);
    co_return first;
}

task<result<>> single_engine::remove_directories(std::set<std::string> keep) {
    return files_.run([directory = instances(), keep = std::move(keep)]() -> result<> {
        result<> first;
        for (const auto& name : list_app_directories(directory)) {
            if (keep.contains(name)) continue;
            auto ok = remove_app_directory(directory, name);
            if (!ok && first) first = ok;
        }
        return first;
    });
}

// A sandbox that was made ahead is known by its directory while its instance starts.
bool single_engine::is_in_flight(const container_summary& c) const {
    return in_flight_.contains(c.name) || in_flight_.contains(directory_name(c.id));
}

task<result<>> single_engine::sweep(std::vector<std::string> keep) {
    const auto until = deadline::after(seconds(60));
    auto all = co_await ours("", until);
    if (!all) co_return all.error();
    // Services are their host's own.
    std::erase_if(*all, [](const container_summary& c) { return c.label.contains("gasper.service"); });
    std::set<std::string> stays(keep.begin(), keep.end());
    for (const auto& c : *all)
        if (is_in_flight(c)) stays.insert(c.id);
    for (const auto& c : *all)
        if (const auto at = c.label.find("gasper.sandbox"); at != c.label.end() && stays.contains(c.id))
            stays.insert(at->second);
    std::set<std::string> kept_names;  // a run's directory is named as its container is
    for (const auto& c : *all)
        if (stays.contains(c.id)) kept_names.insert(c.name);
    std::erase_if(*all, [&](const container_summary& c) { return stays.contains(c.id); });
    auto removed = co_await remove_all(std::move(*all), until);
    // A start in flight made its directory before its container: named after a sandbox that stays.
    std::set<std::string> directories;
    for (const auto& id : stays)
        directories.insert(directory_name(id));
    for (const auto& name : kept_names)
        directories.insert(name);
    for (const auto& name : in_flight_)
        directories.insert(name);
    auto cleared = co_await remove_directories(std::move(directories));
    co_return removed ? cleared : removed;
}

task<result<>> single_engine::remove_app(std::string app) {
    const auto until = deadline::after(seconds(60));
    auto all = co_await ours("gasper.app=" + app, until);
    if (!all) co_return all.error();
    std::set<std::string> directories;
    for (const auto& c : *all) {
        directories.insert(directory_name(c.id));
        directories.insert(c.name);  // of one that ran once
    }
    auto removed = co_await remove_all(std::move(*all), until);
    if (!removed) co_return removed;
    auto clear = [directory = instances(), directories]() -> result<> {
        for (const auto& name : directories)
            if (auto ok = remove_app_directory(directory, name); !ok) return ok;
        return {};
    };
    auto cleared = co_await files_.run(std::move(clear));
    if (!cleared) co_return cleared;
    co_return co_await networks_.remove(std::move(app), until);
}

// The images stay for others, and for the next data directory; not one whose own name another image has taken: where
// two made the same, this mark is all that it is found by.
task<result<>> single_engine::drop_image_claims(deadline until) {
    std::vector<std::string> with(1, "gasper.stack");
    auto images = co_await engine_.list_images(std::move(with), until);
    if (!images) co_return images.error();
    result<> first;
    for (const auto& tag : claims_of(options_.id, *images)) {
        auto dropped = co_await engine_.remove_image(tag, until);
        // A container of somebody else runs on it.
        if (!dropped && dropped.error().kind == errc::conflict) continue;
        if (!dropped && first) first = dropped;
    }
    co_return first;
}

// A database that is killed recovers at its next start; one that is told to end need not.
task<> single_engine::stop_services(const std::vector<container_summary>& these, deadline until) {
    task_scope stops(engine_.executor(), [this](const std::string& name, const std::string& what) {
        log_.error("runtime_background", {{"task", name}, {"fault", what}});
    });
    auto stop = [](single_engine& self, container_summary c, deadline limit) -> task<> {
        const auto grace = seconds(std::stoi("0" + c.label.at("gasper.stop_timeout")));
        auto stopped = co_await self.engine_.stop_container(c.id, grace, limit);
        if (!stopped) self.log_.warn("service_not_stopped", {{"name", c.name}, {"reason", stopped.error().message}});
    };
    for (const auto& c : these)
        if (c.state == "running" && c.label.contains("gasper.stop_timeout")) stops.spawn("stop", stop(*this, c, until));
    co_await join_or_cancel(stops);
}

task<result<>> single_engine::remove_everything(deadline until) {
    auto all = co_await ours("", until);
    if (!all) co_return all.error();
    co_await stop_services(*all, until);
    auto removed = co_await remove_all(std::move(*all), until);
    std::set<std::string> none;
    auto cleared = co_await remove_directories(std::move(none));
    auto networks = co_await networks_.remove_all(until);
    auto unused = co_await drop_image_claims(until);
    result<> wall;
    if (options_.wall_host) wall = co_await wall_.remove(until);
    for (const auto& ok : {removed, cleared, networks, unused, wall})
        if (!ok) co_return ok;
    co_return result<>();
}

task<bool> single_engine::close(deadline until) {
    const bool done = co_await finishes_before(background_.join(), until);
    if (!done) (void)co_await background_.stop(deadline::after(seconds(1)));
    co_return done;
}

}  // namespace gasper::runtime
