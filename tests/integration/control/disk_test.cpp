// A disk that fills up: builds are refused, what runs goes on, nothing of the configuration is lost; and an instance
// that writes more than it may.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/disk.hpp"
#include "control/supervision.hpp"
#include "core/store/audit.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t gibibyte = 1ll << 30;

class disk_test : public testing::Test {
 protected:
    static void SetUpTestSuite() { init_crypto(); }

    void SetUp() override {
        fill(50);
        make_world();
        world->deployed("hello");
        ASSERT_TRUE(world->settle(world->platform().recover()));
        ASSERT_TRUE(world->until([&] { return world->routed("hello").size() == 1; }));
    }

    void make_world() {
        world.reset();
        world.emplace(dir.path(), cluster, [this](control::options& o) { o.limit.disk_bytes = limit; });
    }
    void fill(int percent) {
        cluster.machines[0].disks = {
            {.path = "/data", .total_bytes = 100 * gibibyte, .free_bytes = (100 - percent) * gibibyte}};
    }
    int told(const std::string& action) {
        const auto all = world->store([&](SQLite::Database& db) { return store::newest_of(db, {action}, 100); });
        return static_cast<int>(all.size());
    }
    result<std::string> push() {
        return world->settle(world->platform().deploys().repository_for_push(world->who(), "hello"));
    }
    /// Serves a release whose processes may write 100 MiB each.
    void serve_limited(const process_types& processes = {{"web", "serve"}}) {
        limit = 100 << 20;
        make_world();
        world->store([&](SQLite::Database& db) {
            const auto a = store::find_app(db, "hello");
            auto r = *store::find_release(db, world->box(), a->current);
            r.processes = processes;
            r.limit.disk_bytes = limit;
            store::make_current(db, store::add_release(db, world->box(), r), "static", {{"web", 1}});
        });
        ASSERT_TRUE(world->settle(world->platform().recover()));
        ASSERT_TRUE(world->until([&] { return world->routed("hello").size() == 1; }));
    }
    bool said(const std::string& text) {
        const auto events = world->store(
            [](SQLite::Database& db) { return store::events_of(db, store::find_app(db, "hello")->id, 0, 100); });
        return std::any_of(events.begin(), events.end(), [&](const auto& e) { return e.text == text; });
    }
    /// The store may not grow any more, or may again.
    void freeze_store(bool frozen) {
        auto set = [frozen](SQLite::Database& db) {
            const auto pages = db.execAndGet("PRAGMA page_count").getInt();
            db.execAndGet("PRAGMA max_page_count = " + std::to_string(frozen ? pages : 1 << 30));
            return true;
        };
        (void)world->settle(world->platform().shared().db.read(set));
    }
    /// A refusal that was thrown, as one that was returned.
    static task<result<job_id>> refused(task<result<job_id>> work) {
        try {
            co_return co_await std::move(work);
        } catch (const refusal& e) {
            co_return e.reason();
        }
    }
    result<job_id> set_config(const std::string& value) {
        auto setting = world->platform().apps().set_config(world->who(), "hello", {{"KEY", std::optional(value)}});
        return world->settle(refused(std::move(setting)));
    }

    std::int64_t limit{0};
    test::temporary_directory dir;
    test::scripted_cluster cluster;
    std::optional<test::control_world> world;
};

TEST_F(disk_test, builds_are_refused_while_a_disk_is_low_and_it_is_told_once) {
    ASSERT_TRUE(push());
    fill(92);
    const auto refused = push();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "disk_full");
    EXPECT_THAT(refused.error().message, HasSubstr("/data is 92 % full"));
    const control::push commit{"hello", "refs/heads/main", std::string(40, '0'), std::string(40, 'b')};
    const auto deploy = world->settle(world->platform().deploys().deploy(world->who(), commit));
    ASSERT_FALSE(deploy);
    EXPECT_EQ(deploy.error().code, "disk_full");
    EXPECT_TRUE(world->until([&] { return told("disk.low") == 1; }));
    EXPECT_EQ(world->routed("hello").size(), 1u) << "what runs goes on";
    fill(88);
    EXPECT_FALSE(push()) << "not before there is some room to spare";
    fill(80);
    EXPECT_TRUE(push());
    EXPECT_TRUE(world->until([&] { return told("disk.recovered") == 1; }));
    EXPECT_EQ(told("disk.low"), 1);
}

TEST_F(disk_test, a_restart_does_not_tell_again) {
    fill(92);
    (void)push();
    ASSERT_TRUE(world->until([&] { return told("disk.low") == 1; }));
    make_world();
    ASSERT_TRUE(world->settle(world->platform().recover()));
    EXPECT_FALSE(push());
    fill(50);
    EXPECT_TRUE(push());
    EXPECT_TRUE(world->until([&] { return told("disk.recovered") == 1; }));
    EXPECT_EQ(told("disk.low"), 1);
}

TEST_F(disk_test, nodes_show_their_disks) {
    fill(92);
    (void)push();
    const auto n = world->settle(world->platform().nodes().info(world->who(), "here")).value();
    ASSERT_EQ(n.info.disks.size(), 1u);
    EXPECT_EQ(n.info.disks[0].path, "/data");
    EXPECT_TRUE(n.low.at(0));
}

TEST_F(disk_test, a_full_store_refuses_a_change_and_takes_it_when_there_is_room) {
    freeze_store(true);
    const std::string large(60'000, 'x');
    auto refused = set_config(large);
    std::string why = refused ? "" : refused.error().message;
    if (refused) {
        // The job came in, the release does not; its end may have to wait for room.
        (void)world->until([&] { return world->settle(world->jobs().info(*refused))->state == job_state::failed; });
        freeze_store(false);
        EXPECT_EQ(world->finish(*refused), job_state::failed);
        why = world->settle(world->jobs().info(*refused))->reason;
    }
    EXPECT_THAT(why, HasSubstr("disk is full"));
    EXPECT_EQ(world->routed("hello").size(), 1u);
    freeze_store(false);
    const auto made = set_config(large);
    ASSERT_TRUE(made);
    EXPECT_EQ(world->finish(*made), job_state::succeeded);
    const auto config = world->settle(world->platform().apps().config(world->who(), "hello")).value();
    EXPECT_EQ(config.at("KEY"), large);
}

TEST_F(disk_test, what_crashes_while_the_store_is_full_is_started_again) {
    freeze_store(true);
    cluster.crash(cluster.containers.begin()->first, 1);
    ASSERT_TRUE(world->settle(control::look_around(world->platform().shared())));
    EXPECT_TRUE(world->until([&] {
        return std::any_of(cluster.containers.begin(), cluster.containers.end(),
                           [](const auto& c) { return c.second.state == instance_state::up; });
    }));
    freeze_store(false);
}

TEST_F(disk_test, an_instance_that_writes_more_than_it_may_is_replaced) {
    limit = 100 << 20;
    make_world();
    for (auto& [id, i] : cluster.containers)
        i.disk_bytes = limit;
    ASSERT_TRUE(world->settle(world->platform().recover()));
    const auto bomb = cluster.containers.begin()->first;
    cluster.written[bomb] = limit + 1;
    ASSERT_TRUE(world->until([&] { return !cluster.containers.contains(bomb) && world->routed("hello").size() == 1; }));
    EXPECT_TRUE(said("web.1 was ended: it wrote more than its disk limit of 100 MiB"));
}

TEST_F(disk_test, a_one_off_that_writes_more_than_it_may_is_ended_and_says_why) {
    serve_limited();
    cluster.hang_in = "run_once";
    auto& runs = world->platform().one_offs();
    const auto begun = world->settle(runs.detach(world->who(), "hello", "rake fill")).value();
    ASSERT_TRUE(world->until([&] { return cluster.once.size() == 1; }));
    EXPECT_EQ(cluster.once[0].limit.disk_bytes, limit);
    cluster.written["run.1"] = limit + 1;
    EXPECT_EQ(world->finish(begun.job), job_state::failed);
    EXPECT_THAT(world->settle(world->jobs().info(begun.job))->reason, HasSubstr("wrote too much"));
    EXPECT_TRUE(world->until([&] { return said("run.1 ended: it wrote too much") && cluster.kept.empty(); }));
    EXPECT_EQ(world->routed("hello").size(), 1u);
}

TEST_F(disk_test, who_has_its_terminal_is_told) {
    serve_limited();
    cluster.has_terminals = true;
    control::run_request wanted{.app = "hello", .command = "rake fill"};
    auto opened = world->settle(world->platform().one_offs().attach(world->who(), wanted));
    ASSERT_TRUE(opened);
    cluster.written["run.1"] = limit + 1;
    const auto end = world->settle((*opened)->read());
    ASSERT_TRUE(end);
    EXPECT_TRUE(end->data.empty());
    const auto status = world->settle((*opened)->exit_status());
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, "disk_limit");
    opened->reset();
    EXPECT_TRUE(world->until([&] { return said("run.1 ended: it wrote too much"); }));
}

TEST_F(disk_test, a_release_command_that_writes_more_than_it_may_fails_the_release) {
    serve_limited({{"web", "serve"}, {"release", "rake migrate"}});
    cluster.hang_in = "run_once";
    const auto change = set_config("x").value();
    ASSERT_TRUE(world->until([&] { return cluster.once.size() == 1; }));
    cluster.written["release"] = limit + 1;
    EXPECT_EQ(world->finish(change), job_state::failed);
    EXPECT_EQ(world->settle(world->jobs().info(change))->reason, "the release command was ended: it wrote too much");
    EXPECT_EQ(world->routed("hello").size(), 1u);
}

TEST_F(disk_test, one_offs_have_a_limit_of_their_own) {
    serve_limited();
    auto& formations = world->platform().formations();
    const process_settings wide{.disk_bytes = 300 << 20};
    const auto set = world->settle(formations.set(world->who(), "hello", "run", wide, false)).value();
    ASSERT_EQ(world->finish(set), job_state::succeeded);
    const auto views = world->settle(formations.list(world->who(), "hello", true)).value();
    ASSERT_EQ(views.size(), 2u);
    EXPECT_EQ(views[0].rules.limit.disk_bytes, limit);
    EXPECT_EQ(views[1].process, "run");
    EXPECT_EQ(views[1].rules.limit.disk_bytes, 300 << 20);
    EXPECT_EQ(world->settle(formations.list(world->who(), "hello")).value().size(), 1u);
    const auto begun = world->settle(world->platform().one_offs().detach(world->who(), "hello", "true")).value();
    EXPECT_EQ(world->finish(begun.job), job_state::succeeded);
    EXPECT_EQ(cluster.once.back().limit.disk_bytes, 300 << 20);
}

TEST_F(disk_test, housekeeping_tells_the_cluster_what_is_needed) {
    ASSERT_TRUE(world->until([&] { return !cluster.tidied.empty(); }));
    EXPECT_THAT(cluster.tidied.back().second, ::testing::ElementsAre("hello"));
}

}  // namespace
}  // namespace gasper
