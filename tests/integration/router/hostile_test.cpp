// What clients and instances do that they should not.
#include <gmock/gmock.h>

#include "tests/integration/router/router_fixture.hpp"

namespace gasper::test {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class hostile_test : public router_test {
 protected:
    std::string answer_to(std::string_view text) {
        auto c = client();
        c.send(text);
        return c.read_to_end();
    }
};

TEST_F(hostile_test, ends_a_head_that_comes_too_slowly) {
    settings.head_timeout = 200ms;
    start();
    auto c = client();
    c.send("GET / HTTP/1.1\r\nHost: app");
    EXPECT_THAT(c.read_to_end(), StartsWith("HTTP/1.1 408 "));
    EXPECT_THAT(client().read_to_end(), IsEmpty());
}

TEST_F(hostile_test, closes_a_connection_that_idles) {
    settings.idle_timeout = 200ms;
    scripted_upstream app(always_ok("ok"));
    add_route("app.localhost", {app.port()});
    start();
    auto c = client();
    c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    EXPECT_THAT(c.read_to_end(), EndsWith("ok"));
}

TEST_F(hostile_test, refuses_a_head_without_end_and_a_line_without_end) {
    start();
    std::string fields;
    while (fields.size() < 70'000)
        fields += "X-Padding: " + std::string(1000, 'x') + "\r\n";
    EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nHost: a\r\n" + fields), StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(answer_to("GET /" + std::string(70'000, 'x')), StartsWith("HTTP/1.1 414 "));
}

TEST_F(hostile_test, refuses_smuggling_and_ends_the_connection) {
    scripted_upstream app(always_ok("ok"));
    add_route("app.localhost", {app.port()});
    start();
    const std::string head = "POST / HTTP/1.1\r\nHost: app.localhost\r\n";
    const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: app.localhost\r\n\r\n";
    for (const std::string fields :
         {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "Content-Length: 5\r\nContent-Length: 0\r\n\r\n", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
          "Transfer-Encoding:\x0b"
          "chunked\r\n\r\n0\r\n\r\n",
          "Transfer-Encoding: chunked\r\n\r\n0\n\n", "Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n"}) {
        const auto answer = answer_to(head + fields + hidden);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << fields;
        EXPECT_EQ(answer.find("HTTP/1.1 ", 9), std::string::npos) << answer;
    }
    EXPECT_EQ(app.connections(), 0);
}

TEST_F(hostile_test, answers_half_a_request_with_nothing) {
    start();
    auto c = client();
    c.send("GET / HTTP/1.1\r\nHost:");
    c.end();
    EXPECT_THAT(c.read_to_end(), IsEmpty());
}

TEST_F(hostile_test, shows_a_body_that_broke_off_as_broken) {
    const std::pair<const char*, const char*> cases[]{
        {"Content-Length: 100\r\n\r\n", "only this"},
        {"Transfer-Encoding: chunked\r\n\r\n", "9\r\nonly this\r\n"},
    };
    for (const auto& [framing, body] : cases) {
        scripted_upstream dying([&, framing = framing, body = body](tcp_peer& peer) {
            peer.read_message();
            peer.send(std::string("HTTP/1.1 200 OK\r\n") + framing + body);
        });
        table_.routes.clear();
        add_route("app.localhost", {dying.port()});
        start();
        const auto answer = get("app.localhost");
        EXPECT_THAT(answer, HasSubstr("only this"));
        EXPECT_THAT(answer, Not(EndsWith("0\r\n\r\n")));
        EXPECT_TRUE(eventually([&] { return server_->count().connections == 0; }));
    }
}

TEST_F(hostile_test, resets_an_http_1_0_client_whose_body_broke_off) {
    scripted_upstream dying([](tcp_peer& peer) {
        peer.read_message();
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n");
    });
    add_route("app.localhost", {dying.port()});
    start();
    auto c = client();
    c.send("GET / HTTP/1.0\r\nHost: app.localhost\r\n\r\n");
    c.read_to_end();
    EXPECT_TRUE(c.was_reset());
}

TEST_F(hostile_test, answers_502_for_an_instance_that_hangs_up_or_talks_nonsense) {
    scripted_upstream silent([](tcp_peer& peer) { peer.read_message(); });
    scripted_upstream nonsense([](tcp_peer& peer) {
        peer.read_message();
        peer.send("SSH-2.0-OpenSSH\r\n\r\n");
    });
    scripted_upstream endless([](tcp_peer& peer) {
        peer.read_message();
        peer.send("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'));
    });
    add_route("silent.localhost", {silent.port()});
    add_route("nonsense.localhost", {nonsense.port()});
    add_route("endless.localhost", {endless.port()});
    start();
    EXPECT_THAT(get("silent.localhost"), AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("H13")));
    EXPECT_THAT(get("nonsense.localhost"), AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("H17")));
    EXPECT_THAT(get("endless.localhost"), AllOf(StartsWith("HTTP/1.1 502 "), HasSubstr("H17")));
    EXPECT_EQ(silent.connections(), 1);
}

TEST_F(hostile_test, answers_504_for_an_instance_that_says_nothing) {
    settings.first_byte_timeout = 200ms;
    scripted_upstream mute([](tcp_peer& peer) { peer.read_to_end(); });
    add_route("app.localhost", {mute.port()});
    start();
    EXPECT_THAT(get("app.localhost"), AllOf(StartsWith("HTTP/1.1 504 "), HasSubstr("H12")));
}

TEST_F(hostile_test, passes_on_an_answer_that_comes_before_the_body_was_read) {
    scripted_upstream strict([](tcp_peer& peer) {
        peer.read_until("\r\n\r\n");
        peer.send("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
    });
    add_route("app.localhost", {strict.port()});
    start();
    auto c = client();
    c.send("POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 50000000\r\n\r\n" + std::string(100'000, 'x'));
    EXPECT_THAT(c.read_message(), AllOf(StartsWith("HTTP/1.1 413 "), EndsWith("big")));
}

TEST_F(hostile_test, ends_an_upload_whose_client_left) {
    std::atomic<bool> ended{false};
    scripted_upstream app([&](tcp_peer& peer) {
        peer.read_to_end();
        ended = true;
    });
    add_route("app.localhost", {app.port()});
    start();
    auto c = client();
    c.send("POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 100\r\n\r\nhalf");
    ASSERT_TRUE(eventually([&] { return app.connections() == 1; }));
    c.close();
    EXPECT_TRUE(eventually([&] { return ended.load() && server_->count().connections == 0; }));
}

TEST_F(hostile_test, drops_the_request_of_a_client_that_hung_up) {
    std::atomic<bool> asked{false}, ended{false};
    scripted_upstream slow([&](tcp_peer& peer) {
        peer.read_message();
        asked = true;
        peer.read_to_end();
        ended = true;
    });
    add_route("app.localhost", {slow.port()});
    start();
    auto c = client();
    c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return asked.load(); }));
    c.reset();
    EXPECT_TRUE(eventually([&] { return ended.load(); }));
}

TEST_F(hostile_test, serves_a_thousand_connections_at_once) {
    scripted_upstream app(always_ok("ok"));
    settings.pool.idle = 8;
    add_route("app.localhost", {app.port()});
    start();
    std::vector<tcp_peer> clients;
    for (int i = 0; i < 1000; ++i)
        clients.push_back(client());
    for (auto& c : clients)
        c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    int good = 0;
    for (auto& c : clients)
        good += c.read_message().ends_with("ok");
    EXPECT_EQ(good, 1000);
    EXPECT_EQ(server_->count().connections, 1000);
}

TEST_F(hostile_test, lets_others_have_their_turn_beside_clients_that_never_stop) {
    scripted_upstream app(always_ok("ok"));
    add_route("app.localhost", {app.port()});
    start();
    std::atomic<bool> done{false};
    std::string flood;
    for (int i = 0; i < 500; ++i)
        flood += "GET / HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n";
    auto greedy = client();
    std::thread writer([&] {
        while (!done && greedy.send(flood)) {
        }
    });
    std::thread reader([&] { greedy.read_exactly(1 << 30); });
    for (int i = 0; i < 20; ++i)
        EXPECT_THAT(get("app.localhost"), EndsWith("ok"));
    done = true;
    writer.join();
    server_->stop();
    reader.join();
}

TEST_F(hostile_test, takes_no_more_clients_than_it_may_until_one_leaves) {
    settings.max_connections = 2;
    scripted_upstream app(always_ok("ok"));
    add_route("app.localhost", {app.port()});
    start();
    auto first = client();
    auto second = client();
    ASSERT_TRUE(eventually([&] { return server_->count().connections == 2; }));
    auto third = client();
    third.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    first.close();
    EXPECT_THAT(third.read_message(), EndsWith("ok"));
    EXPECT_LE(server_->count().connections, 2);
}

}  // namespace
}  // namespace gasper::test
