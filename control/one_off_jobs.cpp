#include "control/one_off_jobs.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "control/formation.hpp"
#include "control/volume_mounts.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

constexpr auto longest = std::chrono::hours(24);

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

task<result<>> run_one_off(parts& p, app_id id, std::shared_ptr<registered_run> held, job_context& job) {
    auto c = co_await load_running_code(p, id);
    if (!c) co_return c.error();
    const auto name = held->what().name;
    co_await job.step("run");
    line_sink lines = [&job](std::string_view line) { job.say(line); };
    auto spec = one_off_spec(p, *c, held->what());
    spec.mounts = co_await mounts_for(p, c->a.name, c->r.version);
    auto ended = co_await job.guard(p.cluster.run_once(std::move(spec), std::move(lines), deadline::after(longest)));
    auto text = ended ? "exited with status " + std::to_string(*ended) : "ended: " + ended.error().message;
    text = name + " " + text;
    co_await note(p, id, text);
    if (!ended) co_return ended.error();
    if (*ended != 0) co_return fail(errc::failed, "exit_status", text);
    co_return result<>();
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
