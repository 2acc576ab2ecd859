#include "server_fixture.hpp"

namespace gasper::web {
namespace {

using namespace std::chrono_literals;

struct server_test : server_fixture {
    static task<response> hold(request r, std::atomic<bool>& busy, std::atomic<bool>& release) {
        busy = true;
        while (!release)
            co_await sleep_until(deadline::after(5ms));
        co_return co_await scripted_application::echo(std::move(r));
    }
};

const std::string get_a = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(server_test, answers_and_keeps_the_connection) {
    start();
    auto c = connect();
    for (int i = 0; i < 3; ++i) {
        c.send(get_a);
        const auto answer = c.read_until("GET /a ");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
        EXPECT_NE(answer.find("Content-Length: 7\r\n"), std::string::npos);
    }
}

TEST_F(server_test, closes_when_asked_to) {
    start();
    auto c = connect();
    c.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(c.read_all()->ends_with("Connection: close\r\n\r\nGET /a "));
    auto old = connect();
    old.send("GET /a HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(old.read_all()->ends_with("GET /a "));
}

TEST_F(server_test, answers_pipelined_requests_in_order) {
    start();
    auto c = connect();
    std::string all;
    for (int i = 0; i < 50; ++i)
        all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
    c.send(all);
    for (int i = 0; i < 50; ++i)
        EXPECT_TRUE(c.read_until("POST /" + std::to_string(i) + " abc").ends_with("abc"));
}

TEST_F(server_test, reads_chunked_bodies_and_a_head_byte_by_byte) {
    start();
    auto c = connect();
    for (const char b : std::string(
             "PATCH /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))
        c.send({&b, 1});
    EXPECT_TRUE(c.read_until("PATCH /x abcde").ends_with("abcde"));
}

TEST_F(server_test, invites_a_body_that_waits_for_it) {
    start();
    auto c = connect();
    c.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(c.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    c.send("ok");
    EXPECT_TRUE(c.read_until("POST /x ok").ends_with("ok"));
}

TEST_F(server_test, answers_head_without_a_body) {
    start();
    auto c = connect();
    c.send("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const auto answer = *c.read_all();
    EXPECT_NE(answer.find("Content-Length: 8\r\n"), std::string::npos) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(server_test, refuses_malformed_requests) {
    start();
    for (const char* bad :
         {"nonsense\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/1.1\r\nNo colon\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
          "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
          "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
        auto c = connect();
        c.send(bad);
        const auto answer = c.read_all();
        ASSERT_TRUE(answer) << bad;
        EXPECT_TRUE(answer->starts_with("HTTP/1.1 400 ")) << bad << "\n" << *answer;
    }
}

TEST_F(server_test, refuses_a_head_over_the_limit) {
    start();
    auto c = connect();
    c.send("GET /a HTTP/1.1\r\nHost: x\r\nX-Large: " + std::string(20'000, 'x') + "\r\n\r\n");
    EXPECT_TRUE(c.read_all()->starts_with("HTTP/1.1 431 "));
}

TEST_F(server_test, refuses_an_announced_body_over_the_limit_before_it_comes) {
    app.limit = 1000;
    start();
    auto c = connect();
    c.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_TRUE(c.read_all()->starts_with("HTTP/1.1 413 "));
}

TEST_F(server_test, refuses_a_chunked_body_that_grows_over_the_limit) {
    app.limit = 1000;
    start();
    auto c = connect();
    c.send("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "64\r\n" + std::string(100, 'x') + "\r\n";
    for (int i = 0; i < 11; ++i)
        c.send(chunk);
    EXPECT_TRUE(c.read_all()->starts_with("HTTP/1.1 413 "));
}

TEST_F(server_test, gives_up_on_a_head_that_comes_too_slowly) {
    settings.head_limit = 1s;
    start();
    auto c = connect();
    c.send("GET /a HTTP/1.1\r\nHost:");
    EXPECT_EQ(c.read_all(), "");
}

TEST_F(server_test, gives_up_on_a_body_that_comes_too_slowly) {
    settings.body_limit = 1s;
    start();
    auto c = connect();
    c.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    EXPECT_EQ(c.read_all(), "");
}

TEST_F(server_test, ends_idle_connections) {
    settings.idle_limit = 1s;
    start();
    auto c = connect();
    EXPECT_EQ(c.read_all(), "");
}

TEST_F(server_test, gives_up_on_a_client_that_does_not_read) {
    settings.write_limit = 1s;
    app.on_request = [](request) -> task<response> {
        response out;
        out.body.assign(64u << 20, 'x');
        co_return out;
    };
    start();
    auto c = connect();
    c.send(get_a);
    await_connections(1);
    await_connections(0);
}

TEST_F(server_test, takes_the_place_of_an_idle_connection_when_full) {
    settings.max_connections = 2;
    start();
    auto first = connect();
    first.send(get_a);
    first.read_until("GET /a ");
    auto second = connect();
    second.send(get_a);
    second.read_until("GET /a ");
    auto third = connect();
    third.send(get_a);
    EXPECT_TRUE(third.read_until("GET /a ").starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(first.read_all(), "");
    second.send(get_a);
    EXPECT_TRUE(second.read_until("GET /a ").starts_with("HTTP/1.1 200 "));
}

TEST_F(server_test, says_so_when_every_connection_is_busy) {
    settings.max_connections = 1;
    std::atomic<bool> busy{false}, release{false};
    app.on_request = [&](request r) -> task<response> { return hold(std::move(r), busy, release); };
    start();
    auto first = connect();
    first.send(get_a);
    await([&] { return busy.load(); });
    auto other = connect();
    EXPECT_TRUE(other.read_all()->starts_with("HTTP/1.1 503 "));
    release = true;
    EXPECT_TRUE(first.read_until("GET /a ").starts_with("HTTP/1.1 200 "));
}

TEST_F(server_test, never_writes_a_line_end_from_a_field) {
    app.on_request = [](request) -> task<response> {
        response out;
        out.fields.set("Location", "/x\r\nSet-Cookie: a=b");
        co_return out;
    };
    start();
    auto c = connect();
    c.send("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(c.read_all()->find("Set-Cookie"), std::string::npos);
}

TEST_F(server_test, lets_a_request_in_flight_end_when_it_stops) {
    app.on_request = [](request r) -> task<response> {
        co_await sleep_until(deadline::after(300ms));
        co_return co_await scripted_application::echo(std::move(r));
    };
    start();
    auto idle = connect();
    auto c = connect();
    c.send(get_a);
    await_connections(2);
    stop(5s);
    EXPECT_TRUE(c.read_all()->ends_with("GET /a "));
    EXPECT_EQ(idle.read_all(), "");
}

TEST_F(server_test, cancels_a_request_that_does_not_end) {
    app.on_request = [](request r) -> task<response> {
        co_await sleep_until(deadline::after(1h));
        co_return co_await scripted_application::echo(std::move(r));
    };
    start();
    auto c = connect();
    c.send(get_a);
    await_connections(1);
    const auto began = std::chrono::steady_clock::now();
    stop(200ms);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
    EXPECT_EQ(c.read_all(), "");
}

TEST(listen_test, refuses_a_port_that_is_taken) {
    asio::io_context io;
    logger log("test", log_level::error);
    scripted_application app;
    options first;
    first.port = 0;
    server a(io.get_executor(), app, first, log);
    ASSERT_TRUE(a.listen());
    options second;
    second.port = a.port();
    server b(io.get_executor(), app, second, log);
    const auto refused = b.listen();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find(std::to_string(a.port())), std::string::npos);
}

}  // namespace
}  // namespace gasper::web
