#include "control/deploys.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "control/cron_clock.hpp"
#include "control/disk.hpp"
#include "control/git.hpp"
#include "control/job_kinds.hpp"
#include "control/parts.hpp"
#include "control/platform.hpp"
#include "control/switch.hpp"
#include "core/store/apps.hpp"

namespace gasper::control {

namespace {

const std::string zeros(40, '0');

std::string short_id(const std::string& commit) {
    return commit.substr(0, 7);
}

// What was scaled stays; else what app.json says, and one web.
formation formation_for(const app& a, const buildpacks::build_result& made) {
    auto wanted = a.wanted;
    for (const auto& [process, quantity] : made.declared.quantities)
        wanted.emplace(process, quantity);
    if (made.processes.contains("web")) wanted.emplace("web", 1);
    return wanted;
}

struct built {
    build row;
    buildpacks::build_result made;
};

task<result<buildpacks::build_result>> build_row(parts& p, const app& a, const push& what, const config_vars& env,
                                                 build& row, job_context& job) {
    co_await job.mark("build");
    row.id = co_await p.db.mark([&row](SQLite::Database& db) { return store::add_build(db, row); });
    const auto home = app_directory(p, a.name);
    buildpacks::build_request request{.app = a.name,
                                      .repository = repository_of(p, a.name),
                                      .commit = what.new_commit,
                                      .env = env,
                                      .output = home / "builds" / ("b" + std::to_string(row.id.value)),
                                      .cache = home / "cache"};
    co_return co_await p.builder.build(std::move(request), job.sink(), deadline::after(p.settings.build_deadline));
}

// A container that is still being removed may write for a moment: what it writes goes as well.
task<> remove_output(parts& p, std::filesystem::path output) {
    for (int quiet = 0; quiet < 3;) {
        const bool there = co_await p.files.run([&output] {
            std::error_code ignored;
            const bool was_there = std::filesystem::exists(output, ignored);
            std::filesystem::remove_all(output, ignored);
            return was_there;
        });
        quiet = there ? 0 : quiet + 1;
        co_await sleep_until(deadline::after(std::chrono::seconds(1)));
    }
}

task<result<built>> run_build(parts& p, const app& a, const push& what, const config_vars& env, job_context& job) {
    build row{.app = a.id, .job = job.id(), .commit = what.new_commit};
    auto made = co_await job.guard(build_row(p, a, what, env, row, job));
    row.state = made ? build_state::succeeded : build_state::failed;
    if (made) {
        row.buildpack = made->language;
        row.result = made->code;
        row.processes = made->processes;
    } else {
        row.reason = made.error().message;
    }
    if (row.id) co_await p.db.mark([&row](SQLite::Database& db) { store::finish_build(db, row); });
    if (!made && made.error().kind == errc::cancelled && row.id) {
        const auto output = app_directory(p, a.name) / "builds" / ("b" + std::to_string(row.id.value));
        p.background.spawn("remove build", remove_output(p, output));
    }
    if (!made) co_return made.error();
    co_return built{std::move(row), std::move(*made)};
}

void say_live(parts& p, const release& r, const app& a, job_context& job) {
    job.say("-----> Launching...");
    job.say("       Released v" + std::to_string(r.version));
    if (!r.processes.contains("web")) {
        job.say("       No web process type: nothing is routed to this app");
        return;
    }
    const auto port = p.settings.http_port == 80 ? "" : ":" + std::to_string(p.settings.http_port);
    job.say("       http://" + a.name + "." + p.settings.domain + port + " deployed to Gasper");
}

// Build directories that no release within reach of a rollback uses.
task<> collect_builds(parts& p, app a) {
    auto kept = co_await p.db.read([&](SQLite::Database& db) {
        std::set<std::string> directories;
        int count = 0;
        for (const auto& r : store::releases_of(db, p.box, a.id, 1000)) {
            if (r.state == release_state::failed || r.code.directory.empty()) continue;
            if (directories.contains(r.code.directory) || r.id == a.current || count < p.settings.kept_builds) {
                count += directories.insert(r.code.directory).second ? 1 : 0;
            }
        }
        return directories;
    });
    for (const auto& i : p.running.of(a.name)) {
        const auto r =
            co_await p.db.read([&](SQLite::Database& db) { return store::find_release(db, p.box, a.id, i.release); });
        if (r) kept.insert(r->code.directory);
    }
    const auto home = app_directory(p, a.name) / "builds";
    co_await p.files.run([&] {
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(home, ignored))
            if (!kept.contains(entry.path().string())) std::filesystem::remove_all(entry.path(), ignored);
    });
}

task<result<>> move_to(parts& p, const push& what) {
    co_return co_await p.files.run([&]() -> result<> {
        const auto at = repository_of(p, what.app);
        const auto target = ref_target(at, what.ref);
        if (target && *target == what.new_commit) return {};
        return move_ref(at, what.ref, what.old_commit, what.new_commit);
    });
}

// The release serves: what is left is the ref, and to say so.
task<result<>> finish_deploy(parts& p, app_id id, push what, job_context& job) {
    co_await job.step("ref");
    auto moved = co_await move_to(p, what);
    if (!moved) co_return moved.error();
    const auto [a, serving] = co_await p.db.read([&](SQLite::Database& db) {
        auto found = store::find_app(db, id);
        auto r = found ? store::find_release(db, p.box, found->current) : std::nullopt;
        return std::pair(std::move(found), std::move(r));
    });
    if (!a || !serving) co_return fail(errc::not_found, "app_not_found", "the app is gone");
    say_live(p, *serving, *a, job);
    p.background.spawn("collect builds", collect_builds(p, *a));
    co_return result<>();
}

// Who pushes again what a restart cut has what he wants when the job went on meanwhile.
task<result<bool>> is_live(parts& p, const push& what, const std::optional<release>& serving) {
    auto target = co_await p.files.run([&] { return ref_target(repository_of(p, what.app), what.ref); });
    if (!target) co_return target.error();
    if (*target == what.old_commit) co_return false;
    if (*target == what.new_commit && serving && serving->commit == what.new_commit) co_return true;
    co_return fail(errc::conflict, "ref_changed",
                   what.ref + " was moved by another push meanwhile; fetch and push again");
}

// What this job built before a restart.
task<result<std::optional<built>>> built_before(parts& p, const push& what, const job_context& job) {
    if (!job.began("build")) co_return std::optional<built>();
    auto row = co_await p.db.read([&](SQLite::Database& db) { return store::build_of_job(db, job.id()); });
    if (!row || (!row->result.directory.empty() && !std::filesystem::exists(row->result.directory)))
        co_return fail(errc::failed, "build_cut", "the server was restarted during the build; push again");
    auto declared = co_await p.builder.declared(repository_of(p, what.app), what.new_commit);
    if (!declared) co_return declared.error();
    buildpacks::build_result made{row->buildpack, row->result, row->processes, std::move(*declared)};
    built found{std::move(*row), std::move(made)};
    co_return std::optional<built>(std::move(found));
}

task<result<built>> build_once(parts& p, const app& a, const push& what, const config_vars& env, job_context& job) {
    auto before = co_await built_before(p, what, job);
    if (!before) co_return before.error();
    if (*before) co_return std::move(**before);
    auto b = co_await run_build(p, a, what, env, job);
    if (!b) p.background.spawn("drop spare", p.spares.drop_unless_kept(a.name));
    co_return b;
}

// Fit to be released; else the app's log says why not. What fails later is its release's to say.
task<result<built>> build_or_tell(parts& p, const app& a, const push& what, const config_vars& env,
                                  const std::string& user, job_context& job) {
    auto b = co_await build_once(p, a, what, env, job);
    if (b) {
        auto zones = co_await check_zones(p, b->made.declared.cron);
        if (!zones) b = fail(errc::invalid, "app_json_invalid", "app.json: cron: " + zones.error().message);
    }
    if (b) co_return b;
    auto text = "Deploy " + short_id(what.new_commit) + " by " + user + " failed: " + b.error().message;
    co_await note(p, a.id, std::move(text));
    co_return b;
}

change deploy_change(parts& p, const app& a, const std::optional<release>& current, const push& what,
                     const std::string& user, const built& b) {
    change c{.app = a,
             .next = {.app = a.id,
                      .build = b.row.id,
                      .commit = what.new_commit,
                      .description = "Deploy " + short_id(what.new_commit),
                      .user = user,
                      .config = current ? current->config : config_vars{},
                      .code = b.made.code,
                      .processes = b.made.processes,
                      .limit = current ? current->limit : p.settings.limit,
                      .declared = b.made.declared.settings,
                      .set = current ? current->set : settings_by_process{}},
             .language = b.made.language,
             .wanted = formation_for(a, b.made),
             .cron = b.made.declared.cron};
    c.app.stopped = false;
    return c;
}

task<result<>> run_deploy(parts& p, app_id id, push what, std::string user, job_context& job) {
    auto [a, current] = co_await p.db.read([&](SQLite::Database& db) {
        auto found = store::find_app(db, id);
        auto r = found && found->current ? store::find_release(db, p.box, found->current) : std::nullopt;
        return std::pair(found, r);
    });
    if (!a) co_return fail(errc::not_found, "app_not_found", "the app is gone");
    auto live = co_await is_live(p, what, current);
    if (!live) co_return live.error();
    if (*live) {
        say_live(p, *current, *a, job);
        co_return result<>();
    }
    const auto config = current ? current->config : config_vars{};
    auto b = co_await build_or_tell(p, *a, what, config, user, job);
    if (!b) co_return b.error();
    const auto c = deploy_change(p, *a, current, what, user, *b);
    auto released = co_await switch_to(p, c, job);
    if (!released) co_return released.error();
    co_return co_await finish_deploy(p, id, std::move(what), job);
}

job_runner::work deploy_work(parts& p, app_id id, push what, std::string user) {
    return [&p, id, what, user](job_context& job) {
        if (job.began(committed_step)) return finish_deploy(p, id, what, job);
        return run_deploy(p, id, what, user, job);
    };
}

}  // namespace

task<result<job_runner::work>> resume_deploy(parts& p, job cut) {
    auto a = co_await app_of(p, cut);
    if (!a) co_return a.error();
    const auto input = nlohmann::json::parse(cut.input);
    push what{.app = a->name,
              .ref = input.at("ref").get<std::string>(),
              .old_commit = input.at("old").get<std::string>(),
              .new_commit = input.at("new").get<std::string>()};
    co_return deploy_work(p, a->id, std::move(what), cut.user);
}

task<result<std::string>> deploys::repository_for_push(identity who, std::string name) {
    auto& p = platform_.shared();
    auto found = co_await platform_.apps().authorize(who, name);
    if (!found && found.error().kind != errc::not_found) co_return found.error();
    // Before the pack comes: it needs room itself.
    auto room = co_await check_room(p);
    if (!room) co_return room.error();
    if (!found) {
        auto created = co_await platform_.apps().create(who, name);
        if (!created) co_return created.error();
    }
    const auto at = repository_of(p, name);
    auto made = co_await p.files.run([&] { return ensure_repository(at); });
    if (!made) co_return made.error();
    co_return at.string();
}

task<result<std::string>> deploys::repository_for_fetch(identity who, std::string name) {
    auto& p = platform_.shared();
    auto found = co_await platform_.apps().authorize(who, name);
    if (!found) co_return found.error();
    const auto at = repository_of(p, name);
    auto made = co_await p.files.run([&] { return ensure_repository(at); });
    if (!made) co_return made.error();
    co_return at.string();
}

void deploys::expect_push(std::string name) {
    platform_.shared().spares.expect(std::move(name));
}

task<result<job_id>> deploys::deploy(identity who, push what) {
    auto& p = platform_.shared();
    auto found = co_await platform_.apps().authorize(who, what.app);
    if (!found) co_return found.error();
    auto room = co_await check_room(p);
    if (!room) co_return room.error();
    const nlohmann::json input{
        {"app", what.app}, {"ref", what.ref}, {"old", what.old_commit}, {"new", what.new_commit}};
    job description{.kind = "deploy", .key = what.app, .input = input.dump(), .user = who.name};
    auto run = deploy_work(p, found->id, what, who.name);
    co_return co_await p.jobs.start(std::move(description), std::move(run));
}

}  // namespace gasper::control
