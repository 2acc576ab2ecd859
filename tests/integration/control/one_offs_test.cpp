#include <gtest/gtest.h>

#include "core/store/jobs.hpp"
#include "core/store/volumes.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class one_offs_test : public testing::Test {
 protected:
    void SetUp() override { restart(); }

    void restart() {
        world.reset();
        world = std::make_unique<test::control_world>(dir.path(), cluster);
    }

    void serve() {
        world->deployed("hello");
        ASSERT_TRUE(world->settle(world->platform().recover()));
        ASSERT_TRUE(world->until([&] { return world->routed("hello").size() == 1; }));
    }

    result<control::one_off> detach(const std::string& command) {
        return world->settle(world->platform().one_offs().detach(world->who(), "hello", command));
    }
    std::vector<control::one_off> running() {
        return world->settle(world->platform().one_offs().list(world->who(), "hello")).value();
    }
    std::size_t log_size(job_id id) { return world->settle(world->jobs().log_of(id)).value()->size(); }
    int times_begun(const std::string& command) {
        return static_cast<int>(std::count_if(cluster.once.begin(), cluster.once.end(),
                                              [&](const auto& spec) { return spec.command == command; }));
    }
    std::vector<std::string> log(job_id id) {
        return world->settle(world->settle(world->jobs().log_of(id)).value()->read(0));
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    std::unique_ptr<test::control_world> world;
};

TEST_F(one_offs_test, a_detached_one_is_a_job_beside_the_apps_own) {
    serve();
    cluster.hang_in = "run_once";
    const auto first = detach("rake migrate").value(), second = detach("rake other").value();
    EXPECT_EQ(first.name, "run.1");
    EXPECT_EQ(second.name, "run.2");
    ASSERT_TRUE(world->until([&] { return cluster.once.size() == 2; }));
    EXPECT_EQ(running().size(), 2u);
    EXPECT_FALSE(world->jobs().busy("hello")) << "a run does not keep a deploy waiting";
    const auto& spec = cluster.once[0];
    EXPECT_EQ(spec.command, "rake migrate");
    EXPECT_EQ(spec.image, "stack");
    EXPECT_TRUE(spec.app_network);
    EXPECT_EQ(spec.env.at("GASPER_INSTANCE"), "run.1");
    EXPECT_EQ(spec.env.at("GASPER_RELEASE"), "v1");
    EXPECT_FALSE(spec.env.contains("PORT")) << "nothing is routed to it";
    EXPECT_EQ(world->routed("hello").size(), 1u);
    EXPECT_EQ(world->settle(world->platform().apps().ps(world->who(), "hello")).value().size(), 3u);
}

TEST_F(one_offs_test, its_job_ends_as_its_command_did) {
    serve();
    const auto good = detach("true").value();
    EXPECT_EQ(world->finish(good.job), job_state::succeeded);
    EXPECT_EQ(log(good.job).at(0), "output of true");
    cluster.once_status = 3;
    const auto bad = detach("false").value();
    EXPECT_EQ(world->finish(bad.job), job_state::failed);
    EXPECT_NE(world->settle(world->jobs().info(bad.job))->reason.find("status 3"), std::string::npos);
    EXPECT_TRUE(world->until([&] { return running().empty(); }));
}

TEST_F(one_offs_test, is_stopped_by_name_and_its_name_is_free_again) {
    serve();
    cluster.hang_in = "run_once";
    const auto one = detach("sleep 1000").value();
    ASSERT_TRUE(world->until([&] { return cluster.once.size() == 1; }));
    EXPECT_TRUE(world->settle(world->platform().one_offs().stop(world->who(), "hello", "run.1")));
    EXPECT_EQ(world->finish(one.job), job_state::aborted);
    ASSERT_TRUE(world->until([&] { return running().empty(); }));
    EXPECT_EQ(world->settle(world->platform().one_offs().stop(world->who(), "hello", "run.1")).error().code,
              "run_not_found");
    EXPECT_EQ(detach("sleep 1000").value().name, "run.1");
}

TEST_F(one_offs_test, goes_on_over_a_restart_with_its_name_its_log_and_its_status) {
    serve();
    cluster.hang_in = "run_once";
    const auto one = detach("charge cards").value();
    ASSERT_TRUE(world->until([&] { return cluster.once.size() == 1 && log_size(one.job) == 1; }));
    restart();
    cluster.kept.begin()->second.lines.push_back("said while nobody listened");
    ASSERT_TRUE(world->settle(world->platform().recover()));
    ASSERT_EQ(running().size(), 1u);
    EXPECT_EQ(running()[0].name, "run.1");
    EXPECT_EQ(running()[0].job, one.job);
    EXPECT_EQ(detach("another").value().name, "run.2") << "its name is taken";
    cluster.once_status = 3;
    cluster.hang_in.clear();
    EXPECT_EQ(world->finish(one.job), job_state::failed);
    EXPECT_NE(world->settle(world->jobs().info(one.job))->reason.find("status 3"), std::string::npos);
    EXPECT_EQ(log(one.job), (std::vector<std::string>{"output of charge cards", "said while nobody listened"}));
    EXPECT_EQ(times_begun("charge cards"), 1);
    EXPECT_TRUE(world->until([&] { return cluster.kept.empty() && running().empty(); }));
}

TEST_F(one_offs_test, one_that_ended_while_nobody_was_here_is_heard_to_its_end) {
    serve();
    cluster.hang_in = "run_once";
    const auto one = detach("charge cards").value();
    ASSERT_TRUE(world->until([&] { return cluster.once.size() == 1; }));
    restart();
    cluster.hang_in.clear();  // it has ended with 0
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_EQ(world->finish(one.job), job_state::succeeded);
    EXPECT_EQ(log(one.job).size(), 1u);
    EXPECT_EQ(times_begun("charge cards"), 1);
}

TEST_F(one_offs_test, one_whose_container_is_gone_is_not_run_again) {
    serve();
    cluster.hang_in = "run_once";
    const auto one = detach("charge cards").value();
    ASSERT_TRUE(world->until([&] { return cluster.once.size() == 1; }));
    restart();
    cluster.kept.clear();
    cluster.hang_in.clear();
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_EQ(world->finish(one.job), job_state::failed);
    EXPECT_NE(world->settle(world->jobs().info(one.job))->reason.find("is gone"), std::string::npos);
    EXPECT_EQ(times_begun("charge cards"), 1);
}

TEST_F(one_offs_test, one_that_was_cancelled_right_before_a_restart_does_not_go_on) {
    serve();
    cluster.hang_in = "run_once";
    const auto one = detach("charge cards").value();
    ASSERT_TRUE(world->until([&] { return cluster.once.size() == 1; }));
    restart();
    world->store([&](SQLite::Database& db) { store::set_job_reason(db, one.job, "cancelled by ann"); });
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_EQ(world->finish(one.job), job_state::aborted);
    EXPECT_TRUE(cluster.kept.empty());
}

TEST_F(one_offs_test, refuses_what_cannot_run) {
    ASSERT_TRUE(world->settle(world->platform().apps().create(world->who(), "empty")));
    EXPECT_EQ(world->settle(world->platform().one_offs().detach(world->who(), "empty", "ls")).error().code,
              "app_not_deployed");
    serve();
    EXPECT_EQ(detach("  ").error().code, "command_missing");
    EXPECT_EQ(detach(std::string(5000, 'x')).error().code, "command_too_long");
    cluster.hang_in = "run_once";
    for (int n = 0; n < 20; ++n)
        EXPECT_TRUE(detach("sleep 1000"));
    EXPECT_EQ(detach("one more").error().code, "too_many_runs");
}

class volumes_test : public one_offs_test {
 protected:
    result<volume> create(const std::string& name) {
        return world->settle(world->platform().volumes().create(world->who(), name));
    }
    job_state mount(const std::string& name, const std::string& path) {
        return world->finish(
            world->settle(world->platform().volumes().mount(world->who(), name, "hello", path)).value());
    }
    result<job_state> back_to(int version) {
        auto id = world->settle(world->platform().apps().rollback(world->who(), "hello", version));
        if (!id) return id.error();
        return world->finish(*id);
    }
    volume info(const std::string& name) {
        return *world->store([&](SQLite::Database& db) { return store::find_volume(db, name); });
    }
    std::vector<runtime::host_mount> mounts() {
        EXPECT_TRUE(world->until([&] { return cluster.containers.size() == 1; }));
        return cluster.mounts[cluster.containers.begin()->first];
    }
    std::filesystem::path at(const std::string& name) { return dir.path() / "volumes" / name; }
};

TEST_F(volumes_test, a_mount_is_a_release_and_reaches_instances_and_one_offs) {
    serve();
    ASSERT_TRUE(create("data"));
    EXPECT_EQ(mount("data", "/app/storage"), job_state::succeeded);
    EXPECT_EQ(world->settle(world->platform().apps().releases(world->who(), "hello")).value().front().description,
              "Mount data at /app/storage");
    EXPECT_EQ(info("data").app, "hello");
    ASSERT_EQ(mounts().size(), 1u);
    EXPECT_EQ(mounts()[0].from, at("data").string());
    EXPECT_EQ(mounts()[0].to, "/app/storage");
    world->finish(detach("ls").value().job);
    ASSERT_EQ(cluster.once.back().mounts.size(), 1u);
    EXPECT_EQ(cluster.once.back().mounts[0].to, "/app/storage");
}

TEST_F(volumes_test, stay_mounted_over_other_releases_and_restarts_until_unmounted) {
    serve();
    ASSERT_TRUE(create("data"));
    mount("data", "/app/storage");
    const auto changed =
        world->settle(world->platform().apps().set_config(world->who(), "hello", {{"A", "b"}})).value();
    EXPECT_EQ(world->finish(changed), job_state::succeeded);
    EXPECT_EQ(mounts().size(), 1u);
    cluster.containers.clear();
    restart();
    ASSERT_TRUE(world->settle(world->platform().recover()));
    ASSERT_TRUE(world->until([&] { return world->routed("hello").size() == 1; }));
    EXPECT_EQ(mounts().size(), 1u);
    const auto id = world->settle(world->platform().volumes().unmount(world->who(), "data", "hello")).value();
    EXPECT_EQ(world->finish(id), job_state::succeeded);
    EXPECT_TRUE(mounts().empty());
    EXPECT_TRUE(std::filesystem::exists(at("data")));
}

TEST_F(volumes_test, a_rollback_mounts_what_the_release_had) {
    serve();
    ASSERT_TRUE(create("data"));
    ASSERT_TRUE(create("more"));
    EXPECT_EQ(mount("data", "/app/storage"), job_state::succeeded);  // v2
    EXPECT_EQ(mount("more", "/app/more"), job_state::succeeded);     // v3
    EXPECT_EQ(back_to(1).value(), job_state::succeeded);
    EXPECT_TRUE(mounts().empty());
    EXPECT_EQ(info("data").app, "");
    EXPECT_EQ(back_to(3).value(), job_state::succeeded);
    ASSERT_EQ(mounts().size(), 2u);
    EXPECT_EQ(mounts()[0].to, "/app/more");
    EXPECT_EQ(mounts()[1].from, at("data").string());
}

TEST_F(volumes_test, a_rollback_to_a_volume_that_is_gone_or_taken_is_refused) {
    serve();
    world->deployed("other");
    ASSERT_TRUE(create("data"));
    ASSERT_TRUE(create("more"));
    mount("data", "/app/storage");  // v2
    world->finish(world->settle(world->platform().volumes().unmount(world->who(), "data", "hello")).value());
    const auto taken = world->settle(world->platform().volumes().mount(world->who(), "data", "other", "/x")).value();
    EXPECT_EQ(world->finish(taken), job_state::succeeded);
    EXPECT_EQ(back_to(2).error().code, "volume_in_use");
    world->finish(world->settle(world->platform().volumes().unmount(world->who(), "data", "other")).value());
    const auto bob = world->settle(world->platform().accounts().ensure_user("bob", "password", false)).value();
    world->store([&](SQLite::Database& db) {
        db.exec("UPDATE apps SET owner = " + std::to_string(bob.id.value) + " WHERE name = 'hello'");
    });
    EXPECT_EQ(world->settle(world->platform().apps().rollback(bob, "hello", 2)).error().code, "volume_not_yours");
    EXPECT_TRUE(world->settle(world->platform().volumes().destroy(world->who(), "data", "data")));
    ASSERT_TRUE(create("data"));  // the same name, not the same volume
    const auto refused = back_to(2);
    EXPECT_EQ(refused.error().code, "volume_gone");
    EXPECT_NE(refused.error().message.find("data at /app/storage"), std::string::npos);
    for (const auto& [id, i] : cluster.containers)
        if (i.app == "hello") {
            EXPECT_TRUE(cluster.mounts[id].empty());
        }
}

TEST_F(volumes_test, a_mount_that_fails_changes_nothing) {
    serve();
    ASSERT_TRUE(create("data"));
    cluster.never_ready.insert("web.1");
    EXPECT_EQ(mount("data", "/app/storage"), job_state::failed);
    EXPECT_EQ(info("data").app, "");
}

TEST_F(volumes_test, outlive_their_app_unless_asked) {
    serve();
    ASSERT_TRUE(create("kept"));
    mount("kept", "/app/kept");
    EXPECT_TRUE(world->settle(world->platform().apps().destroy(world->who(), "hello", "hello")));
    EXPECT_TRUE(std::filesystem::exists(at("kept")));
    EXPECT_EQ(info("kept").app, "");
    world->deployed("hello");
    mount("kept", "/app/kept");
    EXPECT_TRUE(world->settle(world->platform().apps().destroy(world->who(), "hello", "hello", true)));
    EXPECT_FALSE(std::filesystem::exists(at("kept")));
}

TEST_F(volumes_test, are_destroyed_only_by_name_and_when_nobody_has_them) {
    serve();
    ASSERT_TRUE(create("data"));
    mount("data", "/app/storage");
    auto destroy = [&](const std::string& confirm) {
        return world->settle(world->platform().volumes().destroy(world->who(), "data", confirm));
    };
    EXPECT_EQ(destroy("date").error().code, "confirm_mismatch");
    EXPECT_EQ(destroy("data").error().code, "volume_in_use");
    EXPECT_TRUE(std::filesystem::exists(at("data")));
    world->finish(world->settle(world->platform().volumes().unmount(world->who(), "data", "hello")).value());
    EXPECT_TRUE(destroy("data"));
    EXPECT_FALSE(std::filesystem::exists(at("data")));
    EXPECT_EQ(destroy("data").error().code, "volume_not_found");
}

TEST_F(volumes_test, a_destruction_that_was_cut_is_finished_at_the_next_start) {
    serve();
    ASSERT_TRUE(create("data"));
    std::filesystem::rename(at("data"), dir.path() / "volumes" / ".gone-data.00112233");
    restart();
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_FALSE(std::filesystem::exists(dir.path() / "volumes" / ".gone-data.00112233"));
    EXPECT_FALSE(world->store([](SQLite::Database& db) { return store::find_volume(db, "data"); }));
}

TEST_F(volumes_test, refuse_a_second_app_a_second_path_and_strangers) {
    serve();
    world->deployed("other");
    ASSERT_TRUE(create("data"));
    ASSERT_TRUE(create("more"));
    EXPECT_EQ(create("data").error().code, "volume_exists");
    mount("data", "/app/storage");
    auto try_mount = [&](control::identity who, const char* name, const char* app, const char* path) {
        return world->settle(world->platform().volumes().mount(who, name, app, path)).error().code;
    };
    EXPECT_EQ(try_mount(world->who(), "data", "other", "/app/x"), "volume_in_use");
    EXPECT_EQ(try_mount(world->who(), "more", "hello", "/app/storage"), "mount_path_taken");
    EXPECT_EQ(try_mount(world->who(), "more", "hello", "/etc/x"), "mount_path_invalid");
    const auto bob = world->settle(world->platform().accounts().ensure_user("bob", "password", false)).value();
    EXPECT_EQ(try_mount(bob, "more", "hello", "/app/x"), "volume_not_found");
    EXPECT_TRUE(world->settle(world->platform().volumes().list(bob, "")).value().empty());
}

TEST_F(volumes_test, a_directory_with_somebodys_files_is_not_taken_over) {
    std::filesystem::create_directories(at("data") / "precious");
    EXPECT_EQ(create("data").error().code, "volume_directory");
    EXPECT_TRUE(std::filesystem::exists(at("data") / "precious"));
}

}  // namespace
}  // namespace gasper
