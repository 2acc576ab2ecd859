#include "web/events.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace gasper::web {
namespace {

using namespace std::chrono_literals;

template <class T>
T run(asio::io_context& io, task<T> work) {
    auto done = asio::co_spawn(io, std::move(work), asio::use_future);
    io.restart();
    io.run_for(5s);
    return done.get();
}

TEST(events_test, writes_the_event_stream_form) {
    EXPECT_EQ(format_event({.name = "end", .id = "7", .data = "x"}), "event: end\nid: 7\ndata: x\n\n");
    EXPECT_EQ(format_event({.name = {}, .id = {}, .data = ""}), "data: \n\n");
}

TEST(events_test, cannot_be_made_to_write_another_field) {
    EXPECT_EQ(format_event({.name = {}, .id = "1\nevent: end", .data = "a\nevent: end\r\nid: 9\rb"}),
              "id: 1event: end\ndata: a\ndata: event: end\ndata: id: 9\ndata: b\n\n");
}

TEST(events_test, replaces_what_is_not_utf8) {
    const std::string mark = "\xEF\xBF\xBD";
    EXPECT_EQ(to_utf8("a\xff\xfe"), "a" + mark + mark);
    EXPECT_EQ(to_utf8("\xc0\x80|\xed\xa0\x80|\xf5\x80"), mark + mark + "|" + mark + mark + mark + "|" + mark + mark);
    EXPECT_EQ(to_utf8("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x91\xbb"),
              "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x91\xbb");
    EXPECT_EQ(to_utf8("cut \xe2\x82"), "cut " + mark + mark);
}

TEST(event_queue_test, gives_what_was_pushed_then_ends) {
    asio::io_context io;
    event_queue q(io.get_executor());
    q.push({.name = {}, .id = {}, .data = "a"});
    q.push({.name = {}, .id = {}, .data = "b"});
    q.close();
    EXPECT_EQ(run(io, q.take(deadline::after(1h))), "data: a\n\ndata: b\n\n");
    EXPECT_EQ(run(io, q.take(deadline::after(1h))), "");
}

TEST(event_queue_test, beats_when_nothing_comes) {
    asio::io_context io;
    event_queue q(io.get_executor());
    EXPECT_EQ(run(io, q.take(deadline::after(1ms))), ": heartbeat\n\n");
}

TEST(event_queue_test, ends_a_reader_that_is_too_slow) {
    asio::io_context io;
    event_queue q(io.get_executor(), 100);
    int taken = 0;
    while (q.push({.name = {}, .id = {}, .data = "0123456789"}) && taken < 100)
        ++taken;
    EXPECT_TRUE(q.overflowed());
    EXPECT_LE(run(io, q.take(deadline::after(1h))).size(), 100u);
    EXPECT_EQ(run(io, q.take(deadline::after(1h))), "");
}

}  // namespace
}  // namespace gasper::web
