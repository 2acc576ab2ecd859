#include "control/one_off_jobs.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "control/awake.hpp"
#include "control/formation.hpp"
#include "control/volume_mounts.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

constexpr auto longest_run = std::chrono::hours(24);

}  // namespace

task<result<running_code>> load_running_code(parts& p, app_id id) {
    auto [a, r] = co_await p.db.read([&](SQLite::Database& db) {
        auto found = store::find_app(db, id);
        auto current = found && found->current ? store::find_release(db, p.box, found->current) : std::nullopt;
        return std::pair(found, current);
    });
    if (!a) co_return fail(errc::not_found, "app_not_found", "the app is gone");
    if (!r || r->code.image.empty())
        co_return fail(errc::conflict, "app_not_deployed", a->name + " has not been deployed yet; push it first");
    co_return running_code{std::move(*a), std::move(*r)};
}

runtime::once_spec one_off_spec(const parts& p, const running_code& c, const one_off& what) {
    return {.app = c.a.name,
            .purpose = what.name,
            .image = c.r.code.image,
            .command = what.command,
            .directory = "/app",
            .env = environment(p, c.a, c.r, what.name, "run"),
            .limit = rules_for(p, c.r, "run").limit,
            .release = c.r.code.directory,
            .app_network = true};
}

namespace {

// A creation that was under way when an earlier process ended may have left a second one, never begun.
task<result<runtime::kept_run>> find_or_make(parts& p, app_id id, one_off what, job_context& job) {
    const auto name = kept_name(job.id());
    auto there = co_await p.cluster.kept_runs();
    if (!there) co_return there.error();
    std::erase_if(*there, [&](const auto& each) { return each.name != name; });
    for (auto& each : *there)
        if (each.begun) co_return std::move(each);
    if (!there->empty()) co_return std::move(there->front());
    if (job.began("run"))
        co_return fail(errc::failed, "run_gone",
                       "its container is gone since the server was restarted: how it ended is not known");
    auto c = co_await load_running_code(p, id);
    if (!c) co_return c.error();
    co_await job.step("create");
    auto spec = one_off_spec(p, *c, what);
    spec.mounts = co_await mounts_for(p, c->a.name, c->r.version);
    auto lines_before = std::to_string(job.lines());
    const auto until = deadline::after(p.settings.start_deadline);
    co_return co_await p.cluster.make_kept(std::move(spec), name, std::move(lines_before), until);
}

task<result<int>> follow(parts& p, app_id id, one_off what, deadline until, job_context& job) {
    auto kept = co_await find_or_make(p, id, std::move(what), job);
    if (!kept) co_return kept.error();
    if (!kept->begun) co_await job.step("run");
    std::size_t before = 0;
    std::from_chars(kept->note.data(), kept->note.data() + kept->note.size(), before);
    const auto seen = job.lines() - std::min(job.lines(), before);
    runtime::kept_sink lines = [&job](std::string_view line) {
        job.say(line);
        return !job.log_is_full();
    };
    co_return co_await p.cluster.run_kept(std::move(*kept), seen, std::move(lines), until);
}

task<> drop(parts& p, std::string name) {
    auto dropped = co_await p.cluster.drop_kept(name);
    if (!dropped) p.log.warn("a container is left", {{"run", name}, {"reason", dropped.error().message}});
}

}  // namespace

std::string kept_name(job_id id) {
    return "job" + std::to_string(id.value);
}

task<result<>> run_one_off(parts& p, app_id id, std::shared_ptr<registered_run> held, sys_time since,
                           job_context& job) {
    const auto what = held->what();
    const auto left =
        std::min<std::chrono::milliseconds>(since + longest_run - now(), longest_run);  // the clock went back
    const auto until = deadline::after(left);
    auto ended = co_await job.guard(follow(p, id, what, until, job));
    auto text = ended ? "exited with status " + std::to_string(*ended) : "ended: " + ended.error().message;
    text = what.name + " " + text;
    if (!ended) co_await drop(p, kept_name(job.id()));
    co_await note(p, id, text);
    if (!ended) co_return ended.error();
    job.afterwards([&p, name = kept_name(job.id())] { return drop(p, name); });
    if (*ended != 0) co_return fail(errc::failed, "exit_status", text);
    co_return result<>();
}

task<result<job_runner::work>> resume_run(parts& p, job cut) {
    const auto input = nlohmann::json::parse(cut.input);
    const auto a = co_await p.db.read([&](SQLite::Database& db) { return store::find_app(db, cut.app()); });
    if (!a) co_return fail(errc::not_found, "app_not_found", "the app is gone");
    one_off what{.app = a->name,
                 .name = input.at("name").get<std::string>(),
                 .command = input.at("command").get<std::string>(),
                 .user = cut.user,
                 .version = input.value("version", 0),
                 .job = cut.id,
                 .since = cut.created};
    auto held = std::make_shared<registered_run>(p, std::move(what));
    auto awake = std::make_shared<awake_hold>(p, a->name);
    co_return [&p, id = a->id, held, awake, since = cut.created](job_context& job) {
        return run_one_off(p, id, held, since, job);
    };
}

result<> check_command(const std::string& command) {
    if (command.empty() || command.find_first_not_of(" \t\n") == std::string::npos)
        return fail(errc::invalid, "command_missing", "name the command to run");
    if (command.size() > 4096) return fail(errc::too_large, "command_too_long", "a command has at most 4096 bytes");
    if (command.find('\0') != std::string::npos)
        return fail(errc::invalid, "command_invalid", "the command holds a NUL byte");
    return {};
}

}  // namespace gasper::control
