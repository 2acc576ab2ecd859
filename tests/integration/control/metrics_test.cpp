#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/store/services.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using control::instance_column;
using control::value_of;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class metrics_test : public testing::Test {
 protected:
    void SetUp() override {
        world.deployed("hello");
        ASSERT_TRUE(world.settle(world.platform().recover()));
        ASSERT_TRUE(world.until([&] { return world.routed("hello").size() == 1; }));
    }

    control::metrics& metrics() { return world.platform().metrics(); }

    std::string container() const { return cluster.containers.begin()->first; }

    // Time goes by in the samples' clock only.
    void sample_after(seconds passed) {
        at_ += passed;
        world.run(metrics().sample_once(sys_time(at_), control::metrics::clock::time_point(at_)));
    }

    control::app_metrics read() {
        const auto to = std::chrono::duration_cast<seconds>(at_).count() + 1;
        const control::metrics_query all{.from = to - 86'400, .to = to, .step = 900};
        return world.settle(metrics().of(world.who(), "hello", all)).value();
    }

    double sum(instance_column c) {
        double all = 0;
        const auto m = read();
        for (const auto& p : m.series.instances.at("web.1"))
            all += value_of(p, c);
        return all;
    }

    std::string exposition() { return world.settle(metrics().exposition()); }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::control_world world{dir.path(), cluster};
    std::chrono::milliseconds at_{now().time_since_epoch() - std::chrono::hours(2)};
};

TEST_F(metrics_test, shows_databases_and_asks_their_servers_only_now_and_then) {
    world.store([&](SQLite::Database& db) {
        service s{.name = "blue", .kind = "redis", .version = "7", .plan = "small", .owner = world.who().id};
        s.id = store::add_service(db, s);
        s.made = true;
        store::update_service(db, s);
    });
    auto& board = world.platform().shared().service_servers;
    EXPECT_THAT(exposition(), HasSubstr("gasper_service_up{service=\"blue\",kind=\"redis\"} 0"));
    board.running["blue"] = {.name = "blue", .container = "c-blue", .state = instance_state::up};
    cluster.containers["c-blue"].state = instance_state::down;  // measured, and says nothing
    cluster.usage["c-blue"].memory_bytes = 4711;
    const auto page = exposition();
    EXPECT_THAT(page, HasSubstr("gasper_service_up{service=\"blue\",kind=\"redis\"} 1"));
    EXPECT_THAT(page, HasSubstr("gasper_service_memory_bytes{service=\"blue\",kind=\"redis\"} 4711"));
    const auto asked = board.figures_at;
    EXPECT_TRUE(world.until([&] { return !board.asking_figures; }));
    (void)exposition();
    EXPECT_EQ(board.figures_at, asked);
    // A server that says nothing is up nevertheless.
    EXPECT_THAT(exposition(), Not(HasSubstr("gasper_service_size_bytes{service")));
}

TEST_F(metrics_test, counts_what_was_used_between_two_samples) {
    cluster.usage[container()] = {.cpu_ns = 50'000'000'000, .memory_bytes = 100 << 20, .received = 7, .sent = 9};
    sample_after(seconds(10));
    cluster.usage[container()] = {.cpu_ns = 55'000'000'000, .memory_bytes = 200 << 20, .received = 1007, .sent = 2009};
    sample_after(seconds(10));
    EXPECT_DOUBLE_EQ(sum(instance_column::seconds), 10) << "the first look has no before";
    EXPECT_DOUBLE_EQ(sum(instance_column::cpu_seconds), 5);
    EXPECT_DOUBLE_EQ(sum(instance_column::memory_largest), 200 << 20);
    EXPECT_DOUBLE_EQ(sum(instance_column::received), 1000);
    EXPECT_DOUBLE_EQ(sum(instance_column::sent), 2000);
    const auto now = read().now;
    ASSERT_EQ(now.size(), 1u);
    EXPECT_DOUBLE_EQ(now[0].cpus, 0.5);
}

TEST_F(metrics_test, counts_a_restart_but_no_new_release) {
    sample_after(seconds(10));
    sample_after(seconds(10));
    const auto before = container();
    cluster.crash(before, 1);
    ASSERT_TRUE(world.settle(world.platform().recover()));
    ASSERT_TRUE(world.until(
        [&] { return !cluster.containers.empty() && container() != before && world.routed("hello").size() == 1; }));
    sample_after(seconds(10));
    EXPECT_DOUBLE_EQ(sum(instance_column::restarts), 1);
    EXPECT_THAT(exposition(), HasSubstr("gasper_instance_restarts_total{app=\"hello\",instance=\"web.1\"} 1"));
    const std::map<std::string, std::optional<std::string>> change{{"A", "1"}};
    auto changed = world.settle(world.platform().apps().set_config(world.who(), "hello", change));
    ASSERT_EQ(world.finish(changed.value()), job_state::succeeded);
    sample_after(seconds(10));
    EXPECT_DOUBLE_EQ(sum(instance_column::restarts), 1);
}

TEST_F(metrics_test, keeps_requests_by_class_and_latency) {
    sample_after(seconds(10));
    metrics().add_requests("hello",
                           {.requests = 100, .by_class = {0, 0, 90, 0, 9, 1}, .latency = {100}, .latency_us = 300'000});
    sample_after(seconds(10));
    metrics().add_requests("hello", {.requests = 10, .by_class = {0, 0, 10}, .latency = {10}, .latency_us = 1});
    sample_after(seconds(10));
    app_traffic all;
    const auto m = read();
    for (const auto& p : m.series.requests)
        all += control::to_traffic(p.values);
    EXPECT_EQ(all.requests, 110u);
    EXPECT_EQ(all.by_class[5], 1u);
    const auto text = exposition();
    EXPECT_THAT(text, HasSubstr("gasper_app_requests_total{app=\"hello\",class=\"2xx\"} 100\n"));
    EXPECT_THAT(text, HasSubstr("gasper_app_request_duration_seconds_bucket{app=\"hello\",le=\"+Inf\"} 110\n"));
}

TEST_F(metrics_test, labels_are_only_apps_that_exist) {
    sample_after(seconds(10));
    metrics().add_requests("made-up-by-a-stranger", {.requests = 1, .by_class = {0, 0, 1}});
    EXPECT_THAT(exposition(), Not(HasSubstr("stranger")));
}

TEST_F(metrics_test, a_destroyed_app_leaves_no_numbers) {
    sample_after(seconds(10));
    sample_after(seconds(10));
    metrics().add_requests("hello", {.requests = 1, .by_class = {0, 0, 1}});
    ASSERT_TRUE(std::filesystem::exists(dir.path() / "metrics/hello/web.1.series"));
    ASSERT_TRUE(world.settle(world.platform().apps().destroy(world.who(), "hello", "hello")));
    sample_after(seconds(10));
    EXPECT_FALSE(std::filesystem::exists(dir.path() / "metrics/hello"));
    EXPECT_THAT(exposition(), Not(HasSubstr("hello")));
}

TEST_F(metrics_test, shows_the_machine_and_this_program) {
    const auto text = exposition();
    EXPECT_THAT(text, HasSubstr("gasper_node_memory_bytes{node=\"here\"} 68719476736\n"));
    EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes "));
}

}  // namespace
}  // namespace gasper
