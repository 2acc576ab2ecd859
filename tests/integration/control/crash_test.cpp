// Every kind of job, ended at each of its writes to the store and before each of its calls of the engine, as a kill -9
// would: nothing after that moment reaches either. The steps of a job are such writes; nobody has to list them here.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <fstream>
#include <set>

#include "control/git.hpp"
#include "control/job_kinds.hpp"
#include "core/store/cron.hpp"
#include "core/store/jobs.hpp"
#include "core/store/volumes.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using test::control_world;

/// The moment at which a process ends.
struct moment {
    enum class what { commit, after_commit, call } at;
    int number;  // of such, from the job's beginning on
    std::string text() const {
        const char* names[] = {"in place of commit ", "after commit ", "before call "};
        return names[static_cast<int>(at)] + std::to_string(number);
    }
};

/// Ends a world at a moment. It outlives the world.
class killer {
 public:
    killer(test::scripted_cluster& cluster, moment when) : cluster_(cluster), when_(when) {}
    void watch(control_world& world) {
        world.store([this](SQLite::Database& db) { sqlite3_commit_hook(db.getHandle(), &killer::hear_commit, this); });
        world.ends_when([this] { return killed(); });
        cluster_.on_call = [this] { hear_call(); };
        counting_ = true;
    }
    /// What is left of the world may unwind; it reaches nothing.
    void bury(control_world& world) {
        world.ends_when({});
        cluster_.dead = killed_;
    }
    ~killer() {
        cluster_.on_call = {};
        cluster_.dead = false;
    }
    bool killed() const { return killed_; }

 private:
    static int hear_commit(void* self) { return static_cast<killer*>(self)->commit() ? 0 : 1; }
    bool commit() {
        if (!counting_) return true;
        if (killed_) return false;
        ++commits_;
        if (when_.at == moment::what::call || commits_ != when_.number) return true;
        killed_ = true;
        return when_.at == moment::what::after_commit;
    }
    void hear_call() {
        if (!killed_ && when_.at == moment::what::call && ++calls_ == when_.number) killed_ = true;
        cluster_.dead = killed_;
    }

    test::scripted_cluster& cluster_;
    moment when_;
    std::atomic<bool> counting_{false}, killed_{false};
    int commits_{0}, calls_{0};
};

struct scenario {
    std::function<void(control_world&)> prepare;
    std::function<void(control_world&)> begin;
    std::function<bool(control_world&)> done;  // its effect is there
    bool needs_recovery{true};                 // false: `begin` does that
};

app app_in(control_world& w) {
    return *w.read([](SQLite::Database& db) { return store::find_app(db, "hello"); });
}

release current_of(control_world& w) {
    return *w.store(
        [&](SQLite::Database& db) { return store::find_release(db, w.box(), store::find_app(db, "hello")->current); });
}

class crash_test : public testing::TestWithParam<std::string> {
 protected:
    /// What every round begins from: an app with a web, an exclusive worker and a release command, that serves.
    void prepare(const scenario& s) {
        auto w = std::make_unique<control_world>(first.path(), first_cluster);
        serve(*w);
        s.prepare(*w);
        ASSERT_TRUE(w->until([&] { return !unfinished(*w) && agree(*w, first_cluster); }))
            << disagreement(*w, first_cluster);
        w.reset();
        std::filesystem::remove(first.path() / "feed.sock");  // a socket cannot be copied
    }

    static void serve(control_world& w) {
        w.deployed("hello");
        w.store([&](SQLite::Database& db) {
            auto r = *store::find_release(db, w.box(), store::find_app(db, "hello")->current);
            r.processes = {{"web", "serve"}, {"worker", "work"}, {"release", "migrate"}};
            r.set["worker"].exclusive = true;
            r.config = {{"COLOR", "red"}};
            store::make_current(db, store::add_release(db, w.box(), r), "static", {{"web", 2}, {"worker", 1}});
        });
        ASSERT_TRUE(w.settle(w.platform().recover()));
    }

    /// Begins it on a copy, and ends everything at the moment. False: it was over before.
    bool round(const scenario& s, moment when) {
        test::temporary_directory dir;
        std::filesystem::copy(first.path(), dir.path(), std::filesystem::copy_options::recursive);
        auto cluster = first_cluster;
        cluster.once.clear();
        if (!ends(s, dir.path(), cluster, when)) return false;
        SCOPED_TRACE(when.text());
        look(s, dir.path(), cluster);
        return true;
    }

    static bool ends(const scenario& s, const std::filesystem::path& data, test::scripted_cluster& cluster,
                     moment when) {
        killer k(cluster, when);
        control_world w(data, cluster);
        if (s.needs_recovery) {
            EXPECT_TRUE(w.settle(w.platform().recover()));
        }
        k.watch(w);
        try {
            s.begin(w);
            w.until([&] { return !unfinished(w); });
        } catch (const std::exception&) {
            EXPECT_TRUE(k.killed());
        }
        k.bury(w);
        return k.killed();
    }

    void look(const scenario& s, const std::filesystem::path& data, test::scripted_cluster& cluster) {
        control_world w(data, cluster);
        const auto accepted = w.store([](SQLite::Database& db) { return store::unfinished_jobs(db); });
        ASSERT_TRUE(w.settle(w.platform().recover()));
        EXPECT_TRUE(w.until([&] { return !unfinished(w) && agree(w, cluster); })) << disagreement(w, cluster);
        std::map<std::string, int> begun;
        for (const auto& spec : cluster.once)
            EXPECT_LE(++begun[spec.command], 1) << spec.command << " ran twice";
        for (const auto& before : accepted) {
            const auto j = w.settle(w.jobs().info(before.id)).value();
            const bool cut = j.reason.find("release command") != std::string::npos;
            EXPECT_TRUE(j.state == job_state::succeeded || (cut && j.state == job_state::failed)) << j.reason;
            EXPECT_EQ(s.done(w), j.state == job_state::succeeded) << j.reason;
        }
        const auto pending = w.store([](SQLite::Database& db) {
            return db.execAndGet("SELECT COUNT(*) FROM releases WHERE state = 'pending'").getInt();
        });
        EXPECT_EQ(pending, 0);
    }

    static bool unfinished(control_world& w) {
        return w.read([](SQLite::Database& db) { return !store::unfinished_jobs(db).empty(); });
    }

    /// Engine, store and table say the same of the app, and nothing else is there.
    static bool agree(control_world& w, const test::scripted_cluster& cluster) {
        return disagreement(w, cluster).empty();
    }

    static std::string disagreement(control_world& w, const test::scripted_cluster& cluster) {
        const auto a = app_in(w);
        const auto r = current_of(w);
        std::multiset<std::string> wanted, there, addresses, routed;
        for (const auto& [process, quantity] : a.stopped ? formation{} : a.wanted)
            for (int n = 1; n <= quantity && r.processes.contains(process); ++n)
                wanted.insert(process + "." + std::to_string(n) + " of v" + std::to_string(r.version));
        for (const auto& [id, i] : cluster.containers) {
            there.insert(i.name + " of v" + std::to_string(i.release));
            if (i.process == "web") addresses.insert(i.address);
        }
        for (const auto& address : w.routed("hello"))
            routed.insert(address);
        if (there != wanted)
            return "there: " + testing::PrintToString(there) + ", wanted: " + testing::PrintToString(wanted);
        if (routed != addresses) return "routed: " + testing::PrintToString(routed);
        return cluster.kept.empty() ? "" : "a one-off is left";
    }

    /// Every moment until one comes that the job does not live to see.
    void everywhere(const scenario& s) {
        prepare(s);
        if (HasFatalFailure()) return;
        int rounds = 0;
        for (const auto at : {moment::what::commit, moment::what::after_commit, moment::what::call})
            for (int n = 1; n < 100 && round(s, {at, n}) && !HasFailure(); ++n)
                ++rounds;
        EXPECT_GT(rounds, 5) << "that was no job";
        RecordProperty("rounds", rounds);
    }

    test::temporary_directory first;
    test::scripted_cluster first_cluster;
};

void nothing(control_world&) {}

bool described(control_world& w, const std::string& text) {
    return current_of(w).description == text;
}

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

const std::map<std::string, scenario>& scenarios() {
    static const std::map<std::string, scenario> all{
        {"config", config()},   {"settings", settings()}, {"rollback", rollback()}, {"restart", restart()},
        {"storage", storage()}, {"scale", scale()},       {"stop", stop()},         {"start", start()},
        {"run", run()},         {"cron", cron()},         {"deploy", deploy()}};
    return all;
}

// Those of databases need an engine that runs them: tests/e2e/backups_test.py and upgrade_test.py end these.
const std::set<std::string_view> of_databases{"backup",          "restore",         "import",
                                              "service-destroy", "service-upgrade", "service-rollback"};

std::vector<std::string> kinds() {
    std::vector<std::string> names;
    for (const auto& kind : control::job_kinds())
        if (!of_databases.contains(kind.name)) names.emplace_back(kind.name);
    return names;
}

TEST_P(crash_test, a_job_ended_at_any_moment_goes_on_or_ends_and_everything_agrees) {
    const auto found = scenarios().find(GetParam());
    ASSERT_NE(found, scenarios().end()) << "say how a job of the kind " << GetParam() << " begins";
    everywhere(found->second);
}

INSTANTIATE_TEST_SUITE_P(kinds, crash_test, testing::ValuesIn(kinds()), [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace gasper
