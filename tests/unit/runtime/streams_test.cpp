#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/engine/http_response.hpp"
#include "runtime/engine/lines.hpp"
#include "runtime/engine/progress.hpp"
#include "runtime/engine/stdcopy.hpp"
#include "runtime/log_stream.hpp"

namespace gasper::runtime {

namespace {

using ::testing::ElementsAre;

std::string frame(char stream, const std::string& text) {
    std::string f{stream, 0, 0, 0};
    for (int shift = 24; shift >= 0; shift -= 8)
        f += static_cast<char>(text.size() >> shift & 255);
    return f + text;
}

std::vector<std::string> lines_of(const std::vector<std::string>& pieces, std::size_t limit = 4096) {
    std::vector<std::string> out;
    line_splitter splitter(limit);
    const auto sink = [&](std::string_view l) { out.emplace_back(l); };
    for (const auto& p : pieces)
        splitter.feed(p, sink);
    splitter.finish(sink);
    return out;
}

}  // namespace

TEST(stdcopy_test, takes_streams_apart_at_any_border) {
    const std::string all = frame(1, "hello ") + frame(2, "oops") + frame(1, "") + frame(1, "world");
    for (std::size_t step = 1; step <= all.size(); ++step) {
        stdcopy_parser parser;
        std::string out, error;
        for (std::size_t at = 0; at < all.size(); at += step)
            ASSERT_TRUE(parser.feed(std::string_view(all).substr(at, step),
                                    [&](bool e, std::string_view p) { (e ? error : out) += p; }));
        EXPECT_EQ(out, "hello world");
        EXPECT_EQ(error, "oops");
        EXPECT_TRUE(parser.at_border());
    }
}

TEST(stdcopy_test, refuses_what_is_out_of_step_and_stays_so) {
    stdcopy_parser parser;
    std::string out;
    const auto sink = [&](bool, std::string_view p) { out += p; };
    EXPECT_FALSE(parser.feed("plain text, no frames", sink));
    EXPECT_FALSE(parser.feed(frame(1, "late"), sink));
    EXPECT_EQ(out, "");
}

TEST(line_splitter_test, joins_pieces_and_keeps_the_unfinished_rest) {
    EXPECT_THAT(lines_of({"a", "b\nc\r\n", "\n", "d"}), ElementsAre("ab", "c", "", "d"));
}

TEST(line_splitter_test, shows_what_a_carriage_return_left) {
    EXPECT_THAT(lines_of({"10%\r50%\r100%\n"}), ElementsAre("100%"));
}

TEST(line_splitter_test, cuts_long_lines_never_inside_a_character) {
    EXPECT_THAT(lines_of({std::string(10, 'x') + "\n"}, 4), ElementsAre("xxxx", "xxxx", "xx"));
    EXPECT_THAT(lines_of({"aaa\xC3\xA4yy\n"}, 4), ElementsAre("aaa", "\xC3\xA4yy"));
    EXPECT_THAT(lines_of({"a\xE2\x82\xAC", "\xE2\x82\xAC\n"}, 4), ElementsAre("a\xE2\x82\xAC", "\xE2\x82\xAC"));
    EXPECT_THAT(lines_of({std::string(9, '\x80')}, 4), ::testing::SizeIs(3)) << "no UTF-8 at all ends too";
}

TEST(line_limiter_test, lets_a_burst_pass_and_counts_the_rest) {
    line_limiter limiter(10, 5);
    const line_limiter::time_point start{std::chrono::seconds(100)};
    int passed = 0;
    for (int i = 0; i < 20; ++i)
        passed += limiter.pass(start);
    EXPECT_EQ(passed, 5);
    EXPECT_EQ(limiter.take_dropped(), 15U);
    EXPECT_TRUE(limiter.pass(start + std::chrono::milliseconds(150)));
    EXPECT_FALSE(limiter.pass(start + std::chrono::milliseconds(160)));
}

TEST(http_response_test, decodes_chunks_byte_by_byte) {
    const std::string all = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n";
    http_response response;
    std::string data, body;
    for (const char c : all) {
        data += c;
        ASSERT_TRUE(response.feed(data));
        body += response.take_body();
    }
    EXPECT_EQ(body, "hello!");
    EXPECT_TRUE(response.complete());
    EXPECT_TRUE(response.keep_alive());
}

TEST(http_response_test, leaves_what_follows_the_header_when_asked) {
    http_response response;
    std::string data = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nraw bytes";
    ASSERT_TRUE(response.feed(data, true));
    EXPECT_EQ(response.status(), 101);
    EXPECT_EQ(data, "raw bytes");
}

TEST(http_response_test, refuses_a_header_without_end_and_a_body_that_stops) {
    http_response endless;
    std::string data = "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x');
    EXPECT_FALSE(endless.feed(data));
    http_response cut;
    data = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123";
    ASSERT_TRUE(cut.feed(data));
    EXPECT_FALSE(cut.end());
}

TEST(progress_test, says_each_state_of_a_layer_once) {
    progress_parser parser;
    std::vector<std::string> out;
    const auto sink = [&](std::string_view l) { out.emplace_back(l); };
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(parser.feed(R"({"status":"Downloading","id":"ab12","progress":"[=> ]"})"
                                "\r\n",
                                sink));
    ASSERT_TRUE(parser.feed(R"({"status":"Pull complete","id":"ab12"})", sink));
    ASSERT_TRUE(parser.finish(sink));
    EXPECT_THAT(out, ElementsAre("ab12: Downloading", "ab12: Pull complete"));
}

TEST(progress_test, refuses_a_message_without_end) {
    progress_parser parser;
    EXPECT_FALSE(parser.feed(std::string((1 << 20) + 1, '{'), [](std::string_view) {}));
}

TEST(log_stream_test, reads_times_and_both_streams) {
    log_stream stream;
    std::vector<log_line> out;
    const auto sink = [&](log_line l) { out.push_back(std::move(l)); };
    ASSERT_TRUE(stream.feed(frame(1, "2026-01-02T03:04:05.678901234Z hello there\n"), sink));
    ASSERT_TRUE(stream.feed(frame(2, "2026-01-02T03:04:06Z no fraction\n") + frame(1, "no time"), sink));
    stream.finish(sink);
    ASSERT_EQ(out.size(), 3U);
    EXPECT_EQ(out[0].text, "hello there");
    EXPECT_EQ(to_rfc3339(std::chrono::floor<std::chrono::milliseconds>(out[0].at)), "2026-01-02T03:04:05.678Z");
    EXPECT_TRUE(out[1].error);
    EXPECT_EQ(out[1].text, "no fraction");
    EXPECT_EQ(out[2].text, "no time");
}

TEST(log_stream_test, refuses_times_that_are_none) {
    for (const auto* text : {"", "2026-13-02T03:04:05Z", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05", "yesterday Z",
                             "2026-01-02T03:04:05.12x4Z"})
        EXPECT_FALSE(parse_time(text)) << text;
}

}  // namespace gasper::runtime
