#include <gtest/gtest.h>

#include <fstream>

#include "control/git.hpp"
#include "core/store/jobs.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class recovery_test : public testing::Test {
 protected:
    void SetUp() override { restart(); }

    /// What a kill -9 and a new start are to the store and the cluster.
    void restart() {
        world.reset();
        world = std::make_unique<test::control_world>(dir.path(), cluster);
    }

    void serve() {
        world->deployed("hello");
        ASSERT_TRUE(world->settle(world->platform().recover()));
        ASSERT_TRUE(world->until([&] { return world->routed("hello").size() == 1; }));
    }

    /// A repository with one commit that no ref points at.
    std::string commit_without_a_ref() {
        const auto repository = (dir.path() / "repos" / "hello.git").string();
        EXPECT_TRUE(control::ensure_repository(repository));
        const auto command = "cd " + repository +
                             " && git -c user.name=a -c user.email=a@b commit-tree -m x $(git mktree </dev/null) > " +
                             (dir.path() / "commit").string();
        EXPECT_EQ(std::system(command.c_str()), 0);
        std::string id;
        std::ifstream(dir.path() / "commit") >> id;
        return id;
    }

    job_id interrupted_deploy(const std::string& commit, const std::string& step = "publish") {
        return world->store([&](SQLite::Database& db) {
            const auto input = R"({"app":"hello","ref":"refs/heads/main","old":")" + std::string(40, '0') +
                               R"(","new":")" + commit + "\"}";
            const auto id = store::add_job(db, {.kind = "deploy", .key = "hello", .input = input, .user = "ann"});
            store::set_job_step(db, id, step);
            return id;
        });
    }

    std::string main_ref() {
        return control::ref_target(dir.path() / "repos" / "hello.git", "refs/heads/main").value();
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    std::unique_ptr<test::control_world> world;
};

TEST_F(recovery_test, what_ran_runs_on_untouched) {
    serve();
    const auto before = cluster.containers.begin()->first;
    restart();
    ASSERT_TRUE(world->settle(world->platform().recover()));
    ASSERT_EQ(cluster.containers.size(), 1u);
    EXPECT_EQ(cluster.containers.begin()->first, before);
    EXPECT_EQ(world->routed("hello").size(), 1u);
}

TEST_F(recovery_test, a_deploy_that_is_not_built_says_so_once_in_the_apps_log) {
    serve();
    const auto commit = commit_without_a_ref();
    const control::push what{"hello", "refs/heads/main", std::string(40, '0'), commit};
    const auto id = world->settle(world->platform().deploys().deploy(world->who(), what)).value();
    ASSERT_EQ(world->finish(id), job_state::failed);
    const auto reason = world->settle(world->jobs().info(id)).value().reason;
    const auto events = world->read(
        [](SQLite::Database& db) { return store::events_of(db, store::find_app(db, "hello")->id, 0, 100); });
    std::vector<std::string> told;
    for (const auto& e : events)
        if (e.text.find("failed") != std::string::npos) told.push_back(e.text);
    EXPECT_EQ(told, std::vector<std::string>{"Deploy " + commit.substr(0, 7) + " by ann failed: " + reason});
    EXPECT_EQ(world->routed("hello").size(), 1u);
}

TEST_F(recovery_test, what_was_lost_is_started_again) {
    serve();
    cluster.containers.clear();
    restart();
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_TRUE(world->until([&] { return world->routed("hello").size() == 1; }));
    EXPECT_EQ(cluster.containers.size(), 1u);
}

TEST_F(recovery_test, a_switch_killed_before_its_commit_is_done_again_as_a_new_release) {
    serve();
    cluster.hang_in_ready = true;
    const auto job =
        world->settle(world->platform().apps().set_config(world->who(), "hello", {{"COLOR", "blue"}})).value();
    ASSERT_TRUE(world->until([&] { return cluster.containers.size() == 2; }));
    restart();
    cluster.hang_in_ready = false;
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_EQ(world->finish(job), job_state::succeeded);
    EXPECT_TRUE(world->until([&] { return cluster.containers.size() == 1; }));
    EXPECT_EQ(cluster.containers.begin()->second.release, 3);
    EXPECT_EQ(cluster.environments[cluster.containers.begin()->first]["COLOR"], "blue");
    EXPECT_EQ(world->settle(world->platform().apps().release_info(world->who(), "hello", 2))->state,
              release_state::failed);
}

TEST_F(recovery_test, a_change_killed_after_its_commit_has_succeeded_and_one_that_says_too_little_has_failed) {
    serve();
    const auto begin = [&](const std::vector<std::string>& steps) {
        return world->store([&](SQLite::Database& db) {
            const auto id = store::add_job(db, {.kind = "config", .key = "hello", .input = "[]", .user = "ann"});
            for (const auto& step : steps)
                store::set_job_step(db, id, step);
            return id;
        });
    };
    const auto after = begin({"release", "start", "publish"});
    world->deployed("hello");
    restart();
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_EQ(world->finish(after), job_state::succeeded);
    const auto before = begin({"release", "start"});
    restart();
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_EQ(world->finish(before), job_state::failed);
}

TEST_F(recovery_test, a_job_that_ends_the_server_again_and_again_is_given_up) {
    serve();
    cluster.hang_in_ready = true;
    const auto job =
        world->settle(world->platform().apps().set_config(world->who(), "hello", {{"COLOR", "blue"}})).value();
    for (int n = 0; n < 4; ++n) {
        ASSERT_TRUE(world->until([&] { return cluster.containers.size() == 2; })) << n;
        restart();
        ASSERT_TRUE(world->settle(world->platform().recover()));
    }
    EXPECT_EQ(world->finish(job), job_state::failed);
    EXPECT_NE(world->settle(world->jobs().info(job))->reason.find("again and again"), std::string::npos);
    EXPECT_TRUE(world->until([&] { return cluster.containers.size() == 1; }));
}

TEST_F(recovery_test, an_instance_that_nobody_had_found_ready_is_asked_before_it_is_routed) {
    serve();
    auto late = cluster.containers.begin()->second;
    late.container = "late";
    late.address = "10.9.9.9";
    cluster.unwell.insert("late");
    cluster.containers.clear();
    cluster.containers["late"] = late;
    restart();
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_TRUE(world->until([&] { return !cluster.containers.contains("late") && cluster.containers.size() == 1; }));
    EXPECT_TRUE(world->until([&] { return world->routed("hello").size() == 1; }));
    EXPECT_NE(world->routed("hello").at(0), "10.9.9.9");
}

TEST_F(recovery_test, a_deploy_killed_after_its_commit_gets_its_ref) {
    serve();
    const auto commit = commit_without_a_ref();
    const auto job = interrupted_deploy(commit);
    world->deployed("hello", commit);
    restart();
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_EQ(world->finish(job), job_state::succeeded);
    EXPECT_EQ(main_ref(), commit);
    EXPECT_TRUE(world->until(
        [&] { return cluster.containers.size() == 1 && cluster.containers.begin()->second.release == 2; }));
}

TEST_F(recovery_test, a_deploy_killed_before_its_commit_leaves_the_ref) {
    serve();
    const auto commit = commit_without_a_ref();
    const auto job = interrupted_deploy(commit, "build");
    restart();
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_EQ(world->finish(job), job_state::failed);
    EXPECT_EQ(main_ref(), std::string(40, '0'));
}

TEST_F(recovery_test, what_was_being_started_is_nobodys) {
    serve();
    cluster.containers.begin()->second.state = instance_state::starting;
    const auto half = cluster.containers.begin()->first;
    restart();
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_TRUE(world->until([&] { return !cluster.containers.contains(half) && cluster.containers.size() == 1; }));
    EXPECT_TRUE(world->until([&] { return world->routed("hello").size() == 1; }));
}

TEST_F(recovery_test, instances_and_directories_of_no_app_are_removed) {
    std::filesystem::create_directories(dir.path() / "apps" / "ghost" / "builds" / "b1");
    std::filesystem::create_directories(dir.path() / "repos" / "ghost.git");
    cluster.containers["x"] = {.container = "x", .app = "ghost", .name = "web.1", .process = "web", .release = 1};
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_TRUE(cluster.containers.empty());
    EXPECT_FALSE(std::filesystem::exists(dir.path() / "apps" / "ghost"));
    EXPECT_FALSE(std::filesystem::exists(dir.path() / "repos" / "ghost.git"));
}

TEST_F(recovery_test, a_crashed_instance_leaves_the_table_at_once_and_is_replaced) {
    serve();
    world->scope().spawn("watch", world->platform().run());
    ASSERT_TRUE(world->until([&] { return cluster.watched(); }));
    const auto first = cluster.containers.begin()->first;
    const auto address = world->routed("hello").at(0);
    cluster.crash(first, 1);
    ASSERT_TRUE(world->until([&] {
        const auto routed = world->routed("hello");
        return routed.size() == 1 && routed[0] != address;
    }));
    const auto events = world->store(
        [](SQLite::Database& db) { return store::events_of(db, store::find_app(db, "hello")->id, 0, 100); });
    EXPECT_TRUE(std::any_of(events.begin(), events.end(),
                            [](const auto& e) { return e.text == "web.1 exited with status 1"; }));
}

}  // namespace
}  // namespace gasper
