// Every kind of job, ended at each of its writes to the store and before each of its calls of the engine, as a kill -9
// would: nothing after that moment reaches either. The steps of a job are such writes; nobody has to list them here.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "control/git.hpp"
#include "control/job_kinds.hpp"
#include "core/store/cron.hpp"
#include "core/store/jobs.hpp"
#include "core/store/volumes.hpp"
#include "tests/integration/control/crash_rounds.hpp"

namespace gasper {
namespace {

using test::app_in;
using test::control_world;
using test::current_of;
using test::described;
using test::nothing;
using test::scenario;

class crash_test : public test::crash_rounds {
 protected:
    static void SetUpTestSuite() { init_crypto(); }
};

scenario config() {
    return {nothing,
            [](control_world& w) {
                (void)w.settle(w.platform().apps().set_config(w.who(), "hello", {{"COLOR", "blue"}}));
            },
            [](control_world& w) { return current_of(w).config.at("COLOR") == "blue"; }};
}

scenario settings() {
    return {nothing,
            [](control_world& w) {
                process_settings said{.processes = 77};
                (void)w.settle(w.platform().formations().set(w.who(), "hello", "web", said, false));
            },
            [](control_world& w) { return current_of(w).set["web"].processes == 77; }};
}

scenario rollback() {
    return {nothing, [](control_world& w) { (void)w.settle(w.platform().apps().rollback(w.who(), "hello", 1)); },
            [](control_world& w) { return described(w, "Rollback to v1"); }};
}

scenario restart() {
    return {nothing, [](control_world& w) { (void)w.settle(w.platform().apps().restart(w.who(), "hello")); },
            [](control_world& w) { return described(w, "Restart"); }};
}

scenario storage() {
    return {[](control_world& w) { ASSERT_TRUE(w.settle(w.platform().volumes().create(w.who(), "data"))); },
            [](control_world& w) { (void)w.settle(w.platform().volumes().mount(w.who(), "data", "hello", "/data")); },
            [](control_world& w) {
                return w.store([](SQLite::Database& db) { return store::find_volume(db, "data"); })->app == "hello";
            }};
}

scenario scale() {
    return {nothing,
            [](control_world& w) {
                (void)w.settle(w.platform().formations().scale(w.who(), "hello", {{"web", 3}}));
            },
            [](control_world& w) { return app_in(w).wanted.at("web") == 3; }};
}

scenario autoscale() {
    return {[](control_world& w) {
                autoscale_rule more{.least = 3, .most = 4};
                ASSERT_TRUE(w.settle(w.platform().autoscaling().set(w.who(), "hello", "web", more)));
            },
            [](control_world& w) { w.run(w.platform().autoscaling().look(control::autoscaling::clock::now())); },
            [](control_world& w) { return app_in(w).wanted.at("web") == 3; }};
}

scenario stop() {
    return {nothing, [](control_world& w) { (void)w.settle(w.platform().formations().stop(w.who(), "hello")); },
            [](control_world& w) { return app_in(w).stopped; }};
}

scenario start() {
    return {[](control_world& w) {
                const auto id = w.settle(w.platform().formations().stop(w.who(), "hello")).value();
                ASSERT_EQ(w.finish(id), job_state::succeeded);
            },
            [](control_world& w) { (void)w.settle(w.platform().formations().start(w.who(), "hello")); },
            [](control_world& w) { return !app_in(w).stopped; }};
}

scenario run() {
    return {nothing,
            [](control_world& w) { (void)w.settle(w.platform().one_offs().detach(w.who(), "hello", "charge")); },
            [](control_world& w) {
                const auto events = w.store([](SQLite::Database& db) {
                    return store::events_of(db, store::find_app(db, "hello")->id, 0, 1000);
                });
                return std::any_of(events.begin(), events.end(),
                                   [](const auto& e) { return e.text == "run.1 exited with status 0"; });
            }};
}

cron_id only_entry(control_world& w) {
    return w.store([](SQLite::Database& db) { return store::active_cron_entries(db).at(0).id; });
}

scenario cron() {
    return {[](control_world& w) {
                cron_line line{.schedule = "@yearly", .command = "tick"};
                ASSERT_TRUE(w.settle(w.platform().cron().add(w.who(), "hello", line)));
            },
            [](control_world& w) { (void)w.settle(w.platform().cron().run(w.who(), "hello", only_entry(w).value)); },
            [](control_world& w) {
                const auto id = only_entry(w);
                const auto runs = w.store([&](SQLite::Database& db) { return store::cron_runs_of(db, id, 1); });
                return !runs.empty() && runs[0].outcome == "succeeded";
            }};
}

// Of a deploy what follows the build: that needs no engine of its own. Recovery itself is cut as well.
const std::string ref = "refs/heads/main";

std::filesystem::path repository(control_world& w) {
    return w.platform().shared().settings.data / "repos" / "hello.git";
}

std::string commit_in(control_world& w) {
    std::string id;
    std::ifstream(w.platform().shared().settings.data / "commit") >> id;
    return id;
}

scenario deploy() {
    return {[](control_world& w) {
                ASSERT_TRUE(control::ensure_repository(repository(w)));
                const auto command =
                    "cd " + repository(w).string() +
                    " && git -c user.name=a -c user.email=a@b commit-tree -m x $(git mktree </dev/null) > ../../commit";
                ASSERT_EQ(std::system(command.c_str()), 0);
            },
            [](control_world& w) {
                const auto commit = commit_in(w);
                const auto made = w.platform().shared().settings.data / "apps" / "hello" / "builds" / "b1";
                std::filesystem::create_directories(made);
                w.store([&](SQLite::Database& db) {
                    const auto input = R"({"app":"hello","ref":")" + ref + R"(","old":")" + std::string(40, '0') +
                                       R"(","new":")" + commit + "\"}";
                    const auto job = store::add_job(
                        db,
                        {.kind = "deploy", .key = "hello", .input = input, .state = job_state::running, .user = "ann"});
                    store::set_job_step(db, job, "build");
                    build b{.app = store::find_app(db, "hello")->id, .job = job, .commit = commit};
                    b.id = store::add_build(db, b);
                    b.state = build_state::succeeded;
                    b.buildpack = "static";
                    b.result = {made.string(), "stack"};
                    b.processes = {{"web", "serve"}, {"worker", "work"}, {"release", "migrate"}};
                    store::finish_build(db, b);
                });
                EXPECT_TRUE(w.settle(w.platform().recover()));
            },
            [](control_world& w) {
                return control::ref_target(repository(w), ref).value() == commit_in(w) &&
                       current_of(w).commit == commit_in(w);
            },
            false};
}

std::map<std::string, scenario> scenarios() {
    auto all = test::database_scenarios();
    all.insert({{"config", config()},
                {"settings", settings()},
                {"rollback", rollback()},
                {"restart", restart()},
                {"storage", storage()},
                {"scale", scale()},
                {"autoscale", autoscale()},
                {"stop", stop()},
                {"start", start()},
                {"run", run()},
                {"cron", cron()},
                {"deploy", deploy()}});
    return all;
}

// Those need a server that dumps and restores: tests/e2e/backups_test.py, upgrade_test.py and archive_test.py end
// these, and a restore into a database that is there.
const std::set<std::string_view> of_dumps{"backup",           "import",       "service-upgrade",
                                          "service-rollback", "archive-base", "recovery"};

std::vector<std::string> kinds() {
    std::vector<std::string> names;
    for (const auto& kind : control::job_kinds())
        if (!of_dumps.contains(kind.name)) names.emplace_back(kind.name);
    return names;
}

std::string test_name(const testing::TestParamInfo<std::string>& kind) {
    auto name = kind.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

TEST_P(crash_test, a_job_ended_at_any_moment_goes_on_or_ends_and_everything_agrees) {
    const auto all = scenarios();
    const auto found = all.find(GetParam());
    ASSERT_NE(found, all.end()) << "say how a job of the kind " << GetParam() << " begins";
    everywhere(found->second);
}

INSTANTIATE_TEST_SUITE_P(kinds, crash_test, testing::ValuesIn(kinds()), test_name);

}  // namespace
}  // namespace gasper
