#include "core/logs/store.hpp"

#include <gtest/gtest.h>

#include "tests/support/run_task.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

struct log_store_test : testing::Test {
    void open(std::size_t follower_lines = 8192) {
        logs.reset();
        logs =
            std::make_unique<log_store>(log_store_options{.directory = dir.path(), .follower_lines = follower_lines});
        logs->admit("hello");
    }
    void SetUp() override { open(); }

    void say(const std::string& text, const std::string& app = "hello") {
        logs->append(app, {.at = log_now(), .source = "app[web.1]", .text = text});
    }
    std::vector<std::string> texts(const std::string& app = "hello") {
        std::vector<std::string> all;
        test::run_task(io, logs->flushed());
        for (const auto& e : test::run_task(io, logs->read(app, {.most = 100'000})))
            all.push_back(e.text);
        return all;
    }
    std::unique_ptr<log_follower> follow() { return test::run_task(io, logs->follow("hello", io.get_executor())); }

    test::temporary_directory dir;
    asio::io_context io;
    std::unique_ptr<log_store> logs;
};

TEST_F(log_store_test, keeps_lines_in_order_over_a_restart) {
    for (int i = 0; i < 1000; ++i)
        say(std::to_string(i));
    open();
    say("after");
    const auto all = texts();
    ASSERT_EQ(all.size(), 1001u);
    EXPECT_EQ(all[999], "999");
    EXPECT_EQ(all[1000], "after");
}

TEST_F(log_store_test, a_follower_and_the_past_meet_without_gap_or_overlap) {
    say("past");
    auto live = follow();
    say("live");
    const auto past = test::run_task(io, logs->read("hello", {.upto = live->after()}));
    ASSERT_EQ(past.size(), 1u);
    EXPECT_EQ(past[0].text, "past");
    const auto next = test::run_task(io, live->next());
    ASSERT_EQ(next.lines.size(), 1u);
    EXPECT_EQ(next.lines[0]->text, "live");
    EXPECT_EQ(next.lines[0]->sequence, past[0].sequence + 1);
}

TEST_F(log_store_test, a_slow_reader_is_told_how_many_lines_it_missed) {
    open(10);
    auto live = follow();
    for (int i = 0; i < 25; ++i)
        say(std::to_string(i));
    test::run_task(io, logs->flushed());
    const auto next = test::run_task(io, live->next());
    EXPECT_EQ(next.dropped, 15u);
    ASSERT_EQ(next.lines.size(), 10u);
    EXPECT_EQ(next.lines.front()->text, "15");
    EXPECT_EQ(texts().size(), 25u) << "what a reader missed is still kept";
}

TEST_F(log_store_test, what_the_disk_does_not_take_in_time_is_dropped_and_said) {
    logs.reset();
    logs = std::make_unique<log_store>(log_store_options{.directory = dir.path(), .pending = 4096});
    logs->admit("hello");
    for (int i = 0; i < 20'000; ++i)
        say("a line");
    const auto all = texts();
    std::uint64_t dropped = 0, kept = 0;
    for (const auto& text : all) {
        if (text.ends_with(" lines dropped (the disk is too slow or full)"))
            dropped += std::stoull(text);
        else
            ++kept;
    }
    EXPECT_GT(dropped, 0u);
    EXPECT_EQ(dropped + kept, 20'000u);
}

TEST_F(log_store_test, a_removed_app_takes_its_log_with_it_and_its_successor_begins_anew) {
    say("secret");
    auto live = follow();
    logs->remove("hello");
    say("late");
    logs->admit("hello");
    say("new");
    EXPECT_EQ(texts(), std::vector<std::string>{"new"});
    EXPECT_TRUE(test::run_task(io, live->next()).ended);
    EXPECT_TRUE(test::run_task(io, logs->marks("other")).empty());
}

TEST_F(log_store_test, an_app_that_was_not_admitted_has_no_log) {
    say("who?", "stranger");
    EXPECT_TRUE(texts("stranger").empty());
    EXPECT_FALSE(std::filesystem::exists(dir.path() / "stranger"));
    std::filesystem::create_directory(dir.path() / "orphan");
    test::run_task(io, logs->keep_house());
    EXPECT_FALSE(std::filesystem::exists(dir.path() / "orphan"));
}

TEST_F(log_store_test, a_clock_that_jumps_ahead_makes_no_line_old) {
    auto clock = std::make_shared<log_time>(log_now());
    const auto open_at = [&] {
        logs.reset();
        logs = std::make_unique<log_store>(log_store_options{
            .directory = dir.path(), .limits = {.size = 1u << 20}, .clock = [clock] { return *clock; }});
        logs->admit("hello");
    };
    open_at();
    for (int i = 0; i < 100; ++i)
        say(std::to_string(i) + std::string(1000, 'x'));  // more than a segment
    *clock += std::chrono::hours(24 * 365);
    test::run_task(io, logs->keep_house());
    EXPECT_EQ(texts().size(), 100u);
    *clock -= std::chrono::hours(24 * 365);
    test::run_task(io, logs->keep_house());
    say("after");
    EXPECT_EQ(texts().size(), 101u);
    EXPECT_EQ(texts().back(), "after");
    *clock += std::chrono::hours(24 * 365);
    open_at();
    test::run_task(io, logs->keep_house());
    EXPECT_LT(texts().size(), 101u) << "what is old by a clock that was there first is";
}

TEST_F(log_store_test, marks_tell_where_each_origin_goes_on) {
    logs->append("hello", {.at = log_now(), .source = "app[web.1]", .text = "x", .origin = "c1/o", .place = {5, 1}});
    logs->append("hello", {.at = log_now(), .source = "app[web.1]", .text = "y", .origin = "c1/o", .place = {5, 2}});
    EXPECT_EQ(test::run_task(io, logs->marks("hello")).at("c1/o"), (log_place{5, 2}));
    open();
    EXPECT_EQ(test::run_task(io, logs->marks("hello")).at("c1/o"), (log_place{5, 2}));
    logs->forget("hello", "c1/o");
    EXPECT_TRUE(test::run_task(io, logs->marks("hello")).empty());
}

}  // namespace
}  // namespace gasper
