// An app's log over restarts of the control plane, ends of containers and floods, on a scripted cluster.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class logs_test : public testing::Test {
 protected:
    logs_test() { start(); }

    void start() {
        world.reset();
        world = std::make_unique<test::control_world>(dir.path(), cluster);
    }
    void serve() {
        world->deployed("hello");
        recover();
        ASSERT_TRUE(world->until([&] { return world->routed("hello").size() == 1; }));
    }
    void recover() { ASSERT_TRUE(world->settle(world->platform().recover())); }

    std::string container() { return cluster.containers.begin()->first; }

    std::vector<std::string> texts(control::log_query query = {.lines = 10'000}) {
        std::vector<std::string> all;
        const control::log_sink keep = [&](const log_entry& e) { all.push_back(e.source + ": " + e.text); };
        EXPECT_TRUE(world->settle(world->platform().streams().logs(world->who(), "hello", query, keep)));
        return all;
    }
    std::vector<std::string> output() { return texts({.lines = 10'000, .filter = {.source = "app"}}); }

    bool shows(const std::string& line) {
        const auto limit = deadline::after(10s);
        while (!limit.expired())
            for (const auto& text : texts())
                if (text.find(line) != std::string::npos) return true;
        return false;
    }

    void request(const std::string& path, const std::string& app = "hello", sys_time at = now()) {
        const auto file = dir.path() / "logs" / "access.log";
        std::filesystem::create_directories(dir.path() / "logs");
        if (!std::filesystem::exists(file)) std::ofstream(file) << "# generation " << ++generation << "\n";
        std::ofstream(file, std::ios::app)
            << to_rfc3339(at) << " at=info method=GET path=\"" << path << "\" status=200 app=" << app << "\n";
    }

    test::temporary_directory dir;
    int generation{0};
    test::scripted_cluster cluster;
    std::unique_ptr<test::control_world> world;
};

TEST_F(logs_test, a_restart_loses_no_line_and_doubles_none) {
    serve();
    ASSERT_TRUE(shows("output of"));
    for (int i = 0; i < 5; ++i)
        cluster.write(container(), "a" + std::to_string(i), 100s);  // all in one nanosecond
    cluster.write(container(), "err", 100s, true);
    ASSERT_TRUE(shows("a4"));
    ASSERT_TRUE(shows("err"));
    start();
    cluster.write(container(), "a5", 100s);
    cluster.write(container(), "b0", 101s);
    recover();
    cluster.write(container(), "b1", 102s);
    ASSERT_TRUE(shows("b1"));
    const std::string from = "app[web.1]: ";
    EXPECT_THAT(output(), ElementsAre(from + "output of " + container(), from + "a0", from + "a1", from + "a2",
                                      from + "a3", from + "a4", from + "err", from + "a5", from + "b0", from + "b1"));
}

TEST_F(logs_test, goes_on_when_the_engine_breaks_the_stream_off) {
    serve();
    ASSERT_TRUE(shows("output of"));
    cluster.cut_logs = 1;
    for (int i = 0; i < 20; ++i)
        cluster.write(container(), "line " + std::to_string(i), 100s + std::chrono::seconds(i / 3));
    ASSERT_TRUE(shows("line 19"));
    EXPECT_EQ(output().size(), 21u);
}

TEST_F(logs_test, the_last_words_of_an_instance_outlive_it) {
    serve();
    const auto old = container();
    cluster.last_words = "goodbye from " + old;
    const auto job =
        world->settle(world->platform().apps().set_config(world->who(), "hello", {{"COLOR", "blue"}})).value();
    ASSERT_EQ(world->finish(job), job_state::succeeded);
    ASSERT_TRUE(world->until([&] { return cluster.stopped.size() == 1; }));
    EXPECT_TRUE(shows("app[web.1]: goodbye from " + old));
}

TEST_F(logs_test, events_are_in_the_stream_once) {
    serve();
    cluster.crash(container(), 3);
    world->scope().spawn("supervise", world->platform().run());
    const auto job = world->settle(world->platform().apps().restart(world->who(), "hello")).value();
    ASSERT_EQ(world->finish(job), job_state::succeeded);
    ASSERT_TRUE(shows("gasper: Release v2 (Restart) by ann"));
    const auto before = texts({.filter = {.source = "gasper"}});
    // Killed between the store and the log: the next process makes up for it.
    world->store([&](SQLite::Database& db) {
        store::add_event(db, store::find_app(db, "hello")->id, "said by the store alone");
        return 0;
    });
    start();
    recover();
    auto expected = before;
    expected.push_back("gasper: said by the store alone");
    EXPECT_EQ(texts({.filter = {.source = "gasper"}}), expected);
}

TEST_F(logs_test, access_lines_arrive_once_over_restarts_and_rotations) {
    request("/of another app of this name", "hello", now() - 1s);
    world->deployed("hello");
    request("/before");
    request("/other", "stranger");
    serve();
    EXPECT_TRUE(shows("router: at=info method=GET path=\"/before\" status=200"));
    request("/live");
    EXPECT_TRUE(shows("/live"));
    start();
    request("/away");
    std::filesystem::rename(dir.path() / "logs/access.log", dir.path() / "logs/access.log.1");
    request("/rotated");
    recover();
    EXPECT_TRUE(shows("/rotated"));
    EXPECT_TRUE(shows("/away"));
    EXPECT_EQ(texts({.filter = {.source = "router"}}).size(), 4u);
}

TEST_F(logs_test, a_flood_is_cut_to_the_rate_and_the_drop_is_said) {
    serve();
    ASSERT_TRUE(shows("output of"));
    const std::string line(1000, 'x');
    const auto at = std::chrono::duration_cast<std::chrono::nanoseconds>(log_now().time_since_epoch()) + 1h;
    for (int i = 0; i < 20'000; ++i)  // 20 MB at once, five times the burst
        cluster.write(container(), line, at);
    ASSERT_TRUE(shows("lines dropped (too fast)"));
    std::uint64_t dropped = 0, kept = 0;
    for (const auto& text : texts()) {
        if (text.find("lines dropped (too fast)") != std::string::npos) dropped += std::stoull(text.substr(8));
        if (text.ends_with("xxx")) ++kept;
    }
    EXPECT_GT(kept, 1000u);
    EXPECT_LT(kept, 8'000u);
    EXPECT_EQ(kept + dropped, 20'000u);
}

// The engine stamped lines by a clock that was a day ahead; then it was put right.
TEST_F(logs_test, a_clock_that_goes_back_costs_no_line_and_doubles_none) {
    serve();
    ASSERT_TRUE(shows("output of"));
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(log_now().time_since_epoch());
    cluster.write(container(), "ahead 0", now + 24h);
    cluster.write(container(), "ahead 1", now + 24h + 1s);
    ASSERT_TRUE(shows("ahead 1"));
    start();
    cluster.write(container(), "right 0", now);
    recover();
    ASSERT_TRUE(shows("right 0"));
    cluster.write(container(), "right 1", now + 1s);
    ASSERT_TRUE(shows("right 1"));
    start();
    cluster.write(container(), "right 2", now + 2s);
    recover();
    cluster.write(container(), "right 3", now + 3s);
    ASSERT_TRUE(shows("right 3"));
    const std::string from = "app[web.1]: ";
    EXPECT_THAT(output(), ElementsAre(from + "output of " + container(), from + "ahead 0", from + "ahead 1",
                                      from + "right 0", from + "right 1", from + "right 2", from + "right 3"));
}

TEST_F(logs_test, a_flood_is_cut_to_the_rate_by_a_clock_that_went_back_too) {
    serve();
    ASSERT_TRUE(shows("output of"));
    const std::string line(1000, 'x');
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(log_now().time_since_epoch());
    cluster.write(container(), "before the clock went back", now + 1s);
    ASSERT_TRUE(shows("before the clock went back"));
    for (int i = 0; i < 20'000; ++i)
        cluster.write(container(), line, now - 24h);
    ASSERT_TRUE(shows("lines dropped (too fast)"));
    EXPECT_LT(output().size(), 8'000u);
    for (const auto& text : texts())
        EXPECT_EQ(text.find("were not read"), std::string::npos) << "it is not a day behind: " << text;
}

TEST_F(logs_test, access_lines_of_an_app_that_was_created_by_a_clock_ahead_are_kept) {
    world->deployed("hello");
    const auto tomorrow = now() + 24h;
    world->store([&](SQLite::Database& db) {
        db.exec("UPDATE apps SET created = " + std::to_string(tomorrow.time_since_epoch().count()));
    });
    serve();
    request("/today");
    EXPECT_TRUE(shows("/today"));
}

TEST_F(logs_test, a_destroyed_app_leaves_no_log_to_its_successor) {
    serve();
    request("/secret");
    cluster.write(container(), "secret", 100s);
    ASSERT_TRUE(shows("/secret"));
    ASSERT_TRUE(world->settle(world->platform().apps().destroy(world->who(), "hello", "hello")));
    ASSERT_TRUE(world->settle(world->platform().apps().create(world->who(), "hello")));
    EXPECT_THAT(texts(), ElementsAre("gasper: App created by ann"));
    start();
    recover();
    EXPECT_THAT(texts(), ElementsAre("gasper: App created by ann"));
}

TEST_F(logs_test, a_reader_who_comes_back_gets_what_it_missed) {
    serve();
    for (int i = 0; i < 5; ++i)
        cluster.write(container(), "line " + std::to_string(i), 100s);
    ASSERT_TRUE(shows("line 4"));
    std::uint64_t seen = 0;
    const control::log_sink keep = [&](const log_entry& e) {
        if (e.text == "line 2") seen = e.sequence;
    };
    ASSERT_TRUE(world->settle(world->platform().streams().logs(world->who(), "hello", {}, keep)));
    EXPECT_THAT(texts({.filter = {.source = "web"}, .after = seen}),
                ElementsAre("app[web.1]: line 3", "app[web.1]: line 4"));
}

TEST(parse_log_time, understands_ages_and_dates) {
    const auto at = log_time(1'000'000s);
    EXPECT_EQ(control::parse_log_time("10m", at).value(), at - 10min);
    EXPECT_EQ(control::parse_log_time("3d", at).value(), at - 72h);
    EXPECT_EQ(control::parse_log_time("1970-01-01T00:00:01Z", at).value(), log_time(1s));
    for (const auto* bad : {"", "m", "10", "-1m", "10 m", "99999999d", "yesterday"})
        EXPECT_THAT(control::parse_log_time(bad, at).error().message, HasSubstr("is no time")) << bad;
}

}  // namespace
}  // namespace gasper
