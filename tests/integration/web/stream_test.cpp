#include "server_fixture.hpp"

namespace gasper::web {
namespace {

using namespace std::chrono_literals;

const std::string get_events = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

task<> count_to_three(event_queue& out) {
    for (int i = 1; i <= 3; ++i) {
        out.push({.name = {}, .id = std::to_string(i), .data = "line " + std::to_string(i)});
        co_await sleep_until(deadline::after(5ms));
    }
    out.push({.name = "end", .id = {}, .data = "{}"});
}

struct stream_test : server_fixture {
    void serve(event_source source) {
        app.on_request = [source](request) -> task<response> {
            response out;
            out.fields.set("Content-Type", "text/event-stream");
            out.events = source;
            co_return out;
        };
        start();
    }
    std::atomic<bool> gone{false};

    // Never ends by itself; says when it is over.
    event_source endless() {
        return [this](event_queue& q) -> task<> { return wait_for_ever(q, gone); };
    }
    static task<> wait_for_ever(event_queue& q, std::atomic<bool>& over) {
        struct leaving {
            std::atomic<bool>& flag;
            ~leaving() { flag = true; }
        } leave{over};
        q.push({.name = {}, .id = {}, .data = "first"});
        co_await sleep_until(deadline::after(1h));
    }
    void await_gone() {
        await([this] { return gone.load(); });
    }
};

TEST_F(stream_test, sends_events_as_they_come_and_ends) {
    serve(count_to_three);
    auto c = connect();
    c.send(get_events);
    const auto all = *c.read_all();
    EXPECT_NE(all.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
    EXPECT_NE(all.find("id: 1\ndata: line 1\n\n"), std::string::npos);
    EXPECT_NE(all.find("event: end\ndata: {}\n\n"), std::string::npos);
    EXPECT_TRUE(all.ends_with("0\r\n\r\n"));
}

TEST_F(stream_test, sends_no_chunks_to_http_1_0) {
    serve(count_to_three);
    auto c = connect();
    c.send("GET /events HTTP/1.0\r\n\r\n");
    const auto all = *c.read_all();
    EXPECT_EQ(all.find("chunked"), std::string::npos);
    EXPECT_TRUE(all.ends_with("event: end\ndata: {}\n\n"));
}

TEST_F(stream_test, beats_while_nothing_happens) {
    settings.heartbeat = 1s;
    serve(endless());
    auto c = connect();
    c.send(get_events);
    EXPECT_TRUE(c.read_until(": heartbeat").ends_with(": heartbeat"));
}

TEST_F(stream_test, ends_its_source_when_the_client_goes) {
    serve(endless());
    auto c = connect();
    c.send(get_events);
    c.read_until("first");
    c.close();
    await_gone();
    await_connections(0);
}

TEST_F(stream_test, outlives_a_client_that_sends_more) {
    settings.heartbeat = 1s;
    serve(endless());
    auto c = connect();
    c.send(get_events + get_events);
    c.read_until("first");
    EXPECT_TRUE(c.read_until(": heartbeat").ends_with(": heartbeat"));
}

TEST_F(stream_test, ends_after_its_time) {
    settings.stream_limit = 1s;
    serve(endless());
    auto c = connect();
    c.send(get_events);
    EXPECT_TRUE(c.read_all()->ends_with("0\r\n\r\n"));
}

TEST_F(stream_test, ends_with_the_server) {
    serve(endless());
    auto c = connect();
    c.send(get_events);
    c.read_until("first");
    const auto began = std::chrono::steady_clock::now();
    stop(5s);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
    EXPECT_TRUE(gone);
}

TEST_F(stream_test, limits_how_many_there_are) {
    settings.max_streams = 1;
    serve(endless());
    auto c = connect();
    c.send(get_events);
    c.read_until("first");
    auto other = connect();
    other.send(get_events);
    EXPECT_TRUE(other.read_all()->starts_with("HTTP/1.1 503 "));
    c.close();
    await_gone();
    await_connections(0);
    auto again = connect();
    again.send(get_events);
    EXPECT_TRUE(again.read_until("first").ends_with("first"));
}

TEST_F(stream_test, says_when_its_source_breaks) {
    serve([](event_queue&) -> task<> {
        throw std::runtime_error("secret detail");
        co_return;
    });
    auto c = connect();
    c.send(get_events);
    const auto all = *c.read_all();
    EXPECT_NE(all.find("event: error\n"), std::string::npos);
    EXPECT_EQ(all.find("secret detail"), std::string::npos);
}

TEST_F(stream_test, drops_a_reader_that_does_not_read) {
    settings.write_limit = 1s;
    serve([](event_queue& q) -> task<> {
        const std::string line(10'000, 'x');
        while (q.push({.name = {}, .id = {}, .data = line}))
            co_await sleep_until(deadline::after(0ms));
    });
    auto c = connect();
    c.send(get_events);
    await_connections(1);
    await_connections(0);
}

}  // namespace
}  // namespace gasper::web
