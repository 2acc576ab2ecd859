#include "core/logs/segments.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using namespace std::chrono_literals;

struct log_segments_test : testing::Test {
    static log_entry line(std::string text, std::string source = "app[web.1]") {
        return {.at = log_now(), .source = std::move(source), .text = std::move(text)};
    }
    static void append(segment_writer& to, std::vector<log_entry> lines) { ASSERT_TRUE(to.append(lines)); }

    std::vector<std::string> texts(log_range range = {}) {
        std::vector<std::string> all;
        for (const auto& e : read_segments(home, range))
            all.push_back(e.text);
        return all;
    }
    std::filesystem::path newest() {
        std::filesystem::path found;
        for (const auto& entry : std::filesystem::directory_iterator(home))
            if (entry.path() > found) found = entry.path();
        return found;
    }
    std::uint64_t bytes() {
        std::uint64_t sum = 0;
        for (const auto& entry : std::filesystem::directory_iterator(home))
            sum += entry.file_size();
        return sum;
    }

    test::temporary_directory dir;
    std::filesystem::path home = dir.path() / "hello";
    segment_limits small{.size = 1u << 20};
};

TEST_F(log_segments_test, keeps_every_field_of_a_line) {
    segment_writer to(home, small);
    append(to, {{.at = log_time(1767312000123456789ns),
                 .source = "app[web.1]",
                 .error = true,
                 .text = "a\ttab\nand a \xff byte",
                 .origin = "c1/e",
                 .place = {42, 3}}});
    const auto read = read_segments(home, {});
    ASSERT_EQ(read.size(), 1u);
    EXPECT_EQ(read[0].sequence, 1u);
    EXPECT_EQ(read[0].at, log_time(1767312000123456789ns));
    EXPECT_EQ(read[0].source, "app[web.1]");
    EXPECT_TRUE(read[0].error);
    EXPECT_EQ(read[0].text, "a\ttab and a \xff byte");
    EXPECT_EQ(read[0].origin, "c1/e");
    EXPECT_EQ(read[0].place, (log_place{42, 3}));
}

TEST_F(log_segments_test, goes_on_where_an_earlier_process_ended) {
    append(*std::make_unique<segment_writer>(home, small), {line("one"), line("two")});
    segment_writer again(home, small);
    EXPECT_EQ(again.last_sequence(), 2u);
    append(again, {line("three")});
    EXPECT_EQ(texts(), (std::vector<std::string>{"one", "two", "three"}));
    EXPECT_EQ(read_segments(home, {}).back().sequence, 3u);
}

TEST_F(log_segments_test, cuts_off_the_line_that_a_kill_tore) {
    append(*std::make_unique<segment_writer>(home, small), {line("whole")});
    std::ofstream(newest(), std::ios::app) << "2\t1767312000\tapp[we";
    segment_writer again(home, small);
    append(again, {line("next")});
    EXPECT_EQ(texts(), (std::vector<std::string>{"whole", "next"}));
    EXPECT_EQ(again.last_sequence(), 2u);
}

TEST_F(log_segments_test, cuts_off_what_a_power_failure_left_of_a_segment) {
    append(*std::make_unique<segment_writer>(home, small), {line("whole")});
    std::ofstream(newest(), std::ios::app) << std::string(300, '\0') << "\n9\t1\tx\to\t-\tghost\n";
    segment_writer again(home, small);
    append(again, {line("next")});
    EXPECT_EQ(texts(), (std::vector<std::string>{"whole", "next"}));
}

TEST_F(log_segments_test, is_bounded_in_size_and_keeps_the_newest) {
    segment_writer to(home, small);
    for (int i = 0; i < 400; ++i)
        append(to, std::vector<log_entry>(100, line(std::to_string(i) + std::string(100, 'x'))));
    EXPECT_LE(bytes(), small.size + small.segment_size());
    EXPECT_GT(bytes(), small.size / 2);
    const auto last = texts({.most = 1});
    ASSERT_EQ(last.size(), 1u);
    EXPECT_TRUE(last[0].starts_with("399x"));
}

TEST_F(log_segments_test, marks_survive_the_segment_that_their_line_was_in) {
    auto first = line("from c1");
    first.origin = "c1/o";
    first.place = {7, 2};
    {
        segment_writer to(home, small);
        append(to, {first});
        for (int i = 0; i < 200; ++i)
            append(to, std::vector<log_entry>(100, line(std::string(100, 'x'))));
    }
    EXPECT_TRUE(texts({.filter = {.text = "from c1"}}).empty()) << "the segment is still there: the test shows nothing";
    segment_writer again(home, small);
    ASSERT_TRUE(again.marks().contains("c1/o"));
    EXPECT_EQ(again.marks().at("c1/o"), (log_place{7, 2}));
    again.forget("c1/o");
    EXPECT_TRUE(again.marks().empty());
}

TEST_F(log_segments_test, removes_what_is_too_old) {
    segment_writer to(home, {.size = 1u << 20, .age = 24h});
    append(to, {line("old")});
    to.expire(log_now() + 1h);
    EXPECT_EQ(texts().size(), 1u);
    to.expire(log_now() + 25h);  // ends the segment …
    to.expire(log_now() + 50h);
    EXPECT_TRUE(texts().empty());
    append(to, {line("new")});
    EXPECT_EQ(texts(), std::vector<std::string>{"new"});
    EXPECT_EQ(to.last_sequence(), 2u) << "numbers are never given twice";
}

TEST_F(log_segments_test, a_range_ends_at_both_sides_and_takes_the_newest) {
    segment_writer to(home, small);
    append(to, {line("1"), line("2"), line("3"), line("4"), line("5")});
    EXPECT_EQ(texts({.after = 1, .upto = 4}), (std::vector<std::string>{"2", "3", "4"}));
    EXPECT_EQ(texts({.most = 2}), (std::vector<std::string>{"4", "5"}));
    EXPECT_TRUE(texts({.most = 0}).empty());
}

TEST_F(log_segments_test, filters_by_text_source_and_time) {
    segment_writer to(home, small);
    auto early = line("GET /early");
    early.at = log_now() - 2h;
    append(to, {early, line("GET /web"), line("tick", "app[worker.1]"), line("at=info path=/", "router"),
                line("Release v2", "gasper")});
    EXPECT_EQ(texts({.filter = {.text = "GET"}}).size(), 2u);
    EXPECT_EQ(texts({.filter = {.source = "router"}}), std::vector<std::string>{"at=info path=/"});
    EXPECT_EQ(texts({.filter = {.source = "app"}}).size(), 3u);
    EXPECT_EQ(texts({.filter = {.source = "w*.1"}}).size(), 3u);
    EXPECT_EQ(texts({.filter = {.process = "worker"}}), std::vector<std::string>{"tick"});
    EXPECT_EQ(texts({.filter = {.process = "web.1"}}).size(), 2u);
    EXPECT_TRUE(texts({.filter = {.process = "router"}}).empty());
    EXPECT_EQ(texts({.filter = {.since = log_now() - 1h}}).size(), 4u);
    EXPECT_EQ(texts({.filter = {.until = log_now() - 1h}}), std::vector<std::string>{"GET /early"});
}

}  // namespace
}  // namespace gasper
