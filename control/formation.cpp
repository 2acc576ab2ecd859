#include "control/formation.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "buildpacks/launch.hpp"
#include "control/health.hpp"
#include "control/volume_mounts.hpp"
#include "core/base/join.hpp"
#include "core/store/volumes.hpp"

namespace gasper::control {

namespace {

using runtime::observed_instance;

constexpr std::size_t at_once = 4;  // starts of one formation: more would only wait for the engine

// What an instance's end may take beyond its drain: the longest stop timeout there is, and an engine that is slow.
constexpr auto longest_end = std::chrono::minutes(62);

runtime::instance_spec spec_of(const parts& p, const app& a, const release& r, const wanted_instance& one) {
    const auto rules = rules_for(p, r, one.process);
    return {.app = a.name,
            .release = r.version,
            .name = one.name,
            .process = one.process,
            .image = r.code.image,
            .directory = r.code.directory,
            .command = r.processes.at(one.process),
            .env = environment(p, a, r, one.name, one.process),
            .limit = rules.limit,
            .port = one.process == "web" ? p.settings.instance_port : std::uint16_t{0},
            .reserved = {rules.reserved_memory, rules.reserved_cpus}};
}

/// One start_formation: what its workers share.
class starting {
 public:
    starting(parts& p, const app& a, const release& r, std::vector<wanted_instance> todo,
             std::vector<observed_instance>& started, line_sink say)
        : p_(p),
          app_(a),
          release_(r),
          todo_(std::move(todo)),
          started_(started),
          say_(std::move(say)),
          workers_(p.executor, [this](const std::string&, const std::string& what) {
              give_up(fail(errc::failed, "internal", "internal error: " + what));
          }) {}

    task<result<>> run();

 private:
    task<> work();
    task<result<>> see_old_out(wanted_instance one);
    task<std::optional<runtime::sandbox>> sandbox_for(wanted_instance one);
    task<result<>> bring_up(wanted_instance one);
    task<> explain(observed_instance instance, error why);
    void give_up(error why) {
        if (refused_) return;
        refused_ = std::move(why);
        workers_.cancel();
    }

    parts& p_;
    const app& app_;
    const release& release_;
    std::vector<wanted_instance> todo_;
    std::size_t next_{0};
    std::vector<observed_instance>& started_;
    line_sink say_;
    std::optional<error> refused_;
    task_scope workers_;
};

task<> starting::work() {
    while (!refused_ && next_ < todo_.size()) {
        auto up = co_await bring_up(todo_[next_++]);
        if (!up) co_return give_up(up.error());
    }
}

task<> starting::explain(observed_instance instance, error why) {
    say_(" !     " + why.message);
    std::vector<std::string> lines;
    auto keep = [&lines](const runtime::log_line& l) { lines.push_back(l.text); };
    auto read = p_.cluster.logs(instance.container, {.tail = 50}, keep);
    auto done = co_await with_deadline(std::move(read), deadline::after(std::chrono::seconds(5)), "reading the log");
    if (!done || lines.empty()) co_return;
    say_("       The last lines of its log:");
    for (const auto& line : lines)
        say_("       " + line);
}

// Retired by whom and for what it may be: such a type starts when no instance of it is left that still ends.
task<result<>> starting::see_old_out(wanted_instance one) {
    const auto ends = [this, &one] {
        const auto all = p_.running.of(app_.name);
        return std::any_of(all.begin(), all.end(), [&one](const observed_instance& i) {
            return i.process == one.process && i.state == instance_state::stopping;
        });
    };
    const auto patience = deadline::after(p_.settings.drain + longest_end);
    while (ends()) {
        if (patience.expired())
            co_return fail(errc::deadline, "instance_left",
                           one.process + " stops before it starts, and an instance that was stopped has not ended");
        co_await sleep_until(deadline::after(start_book::look_again));
    }
    co_return result<>();
}

// One that was made ahead is for whom people wait.
task<std::optional<runtime::sandbox>> starting::sandbox_for(wanted_instance one) {
    const auto webs = app_.wanted.find("web");
    const bool has_web = release_.processes.contains("web") && webs != app_.wanted.end() && webs->second > 0;
    if (has_web && one.process != "web") co_return std::nullopt;
    co_return co_await p_.spares.take(app_.name);
}

task<result<>> starting::bring_up(wanted_instance one) {
    const auto rules = rules_for(p_, release_, one.process);
    if (co_await stops_first(p_, release_, one.process)) {
        auto alone = co_await see_old_out(one);
        if (!alone) co_return alone;
    }
    const auto until = deadline::after(rules.health.start_deadline);
    auto spec = spec_of(p_, app_, release_, one);
    instance_request wanted{.app = spec.app,
                            .process = spec.process,
                            .name = spec.name,
                            .reserved = spec.reserved,
                            .required = rules.nodes};
    auto room = co_await p_.placing.find_room(p_.running, wanted);
    if (!room) co_return room.error();
    spec.node = room->node();
    spec.mounts = co_await mounts_for(p_, app_.name, release_.version);
    auto spare = co_await sandbox_for(one);
    auto instance = co_await p_.cluster.start(std::move(spec), std::move(spare), until);
    if (!instance) co_return instance.error();
    const auto container = instance->container;
    started_.push_back(*instance);
    p_.running.add(*instance);
    room->give_back();
    p_.logs->follow(*instance);
    auto ready = co_await p_.cluster.wait_ready(*instance, rules.health, until);
    if (!ready) {
        if (say_ && !refused_) co_await explain(*instance, ready.error());
        co_return ready.error();
    }
    // Whoever retired it meanwhile has the last word.
    const auto* known = p_.running.find(container);
    if (!known || known->state != instance_state::starting)
        co_return fail(errc::cancelled, retired_meanwhile, one.name + " is not wanted any more");
    for (auto& s : started_)
        if (s.container == container) s.state = instance_state::up;
    p_.running.mark(container, instance_state::up);
    if (const auto ended = p_.restarts.find(app_.name + "/" + one.name); ended != p_.restarts.end())
        ended->second.ready = deadline::clock::now();
    watch_health(p_, container, rules.health);
    co_return result<>();
}

task<result<>> starting::run() {
    for (std::size_t i = 0; i < std::min(at_once, todo_.size()); ++i)
        workers_.spawn("start", work());
    co_await join_or_cancel(workers_);
    if (refused_) co_return *refused_;
    co_return result<>();
}

}  // namespace

std::vector<wanted_instance> all_of(const formation& wanted, const process_types& processes) {
    std::vector<wanted_instance> all;
    for (const auto& [process, quantity] : wanted) {
        if (!processes.contains(process)) continue;
        for (int n = 1; n <= quantity; ++n)
            all.push_back({process + "." + std::to_string(n), process});
    }
    return all;
}

process_rules rules_for(const parts& p, const release& r, const std::string& process) {
    using std::chrono::ceil;
    using std::chrono::seconds;
    process_rules normal;
    normal.health.start_deadline = ceil<seconds>(p.settings.start_deadline);
    normal.stop_timeout = ceil<seconds>(p.settings.stop_grace);
    normal.reserved_memory = p.settings.reserved.memory_bytes;
    normal.reserved_cpus = p.settings.reserved.cpus;
    return rules_of(r, process, normal);
}

task<result<>> see_ended(parts& p, observed_instance retired) {
    const auto patience = deadline::after(p.settings.drain + longest_end);
    while (p.running.find(retired.container)) {
        if (patience.expired())
            co_return fail(errc::deadline, "instance_left", retired.name + " was told to stop and has not ended");
        co_await sleep_until(deadline::after(start_book::look_again));
    }
    co_return result<>();
}

task<bool> stops_first(parts& p, const release& r, std::string process) {
    if (rules_for(p, r, process).exclusive) co_return true;
    const auto mounts = co_await p.db.read([id = r.id](SQLite::Database& db) { return store::mounts_of(db, id); });
    co_return !mounts.empty();
}

config_vars environment(const parts& p, const app& a, const release& r, const std::string& name,
                        const std::string& process) {
    // What the language needs lies below what the user set.
    auto env = buildpacks::launch_env(a.language, rules_for(p, r, process).limit);
    for (const auto& [key, value] : r.config)
        env[key] = value;
    env["GASPER_APP"] = a.name;
    env["GASPER_INSTANCE"] = name;
    env["GASPER_RELEASE"] = "v" + std::to_string(r.version);
    env["SOURCE_VERSION"] = r.commit;
    if (process == "web") env["PORT"] = std::to_string(p.settings.instance_port);
    return env;
}

task<result<>> start_formation(parts& p, const app& a, const release& r, std::vector<wanted_instance> these,
                               std::vector<observed_instance>& started, line_sink say) {
    starting all(p, a, r, std::move(these), started, std::move(say));
    co_return co_await all.run();
}

}  // namespace gasper::control
