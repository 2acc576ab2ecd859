// HTTP/1.1 as it may come: pipelines, 100-continue, HEAD, HTTP/1.0, upgrades.
#include <gmock/gmock.h>

#include "tests/integration/router/router_fixture.hpp"

namespace gasper::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class protocol_test : public router_test {
 protected:
    void serve(scripted_upstream::script script) {
        app_ = std::make_unique<scripted_upstream>(std::move(script));
        add_route("app.localhost", {app_->port()});
        start();
    }
    std::unique_ptr<scripted_upstream> app_;
};

TEST_F(protocol_test, answers_a_pipeline_in_order) {
    serve([](tcp_peer& peer) {
        for (;;) {
            const auto head = peer.read_message();
            if (head.empty()) return;
            const auto path = head.substr(4, head.find(' ', 4) - 4);
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(path.size()) + "\r\n\r\n" + path);
        }
    });
    auto c = client();
    std::string requests;
    for (int i = 0; i < 20; ++i)
        requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: app.localhost\r\n\r\n";
    c.send(requests);
    for (int i = 0; i < 20; ++i)
        EXPECT_THAT(c.read_message(), EndsWith("\r\n/" + std::to_string(i)));
}

TEST_F(protocol_test, keeps_a_pipelined_request_that_comes_with_a_body) {
    serve(always_ok("ok"));
    auto c = client();
    c.send("POST / HTTP/1.1\r\nHost: app.localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    c.send("5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n");
    // The script answers the head alone and then takes the body for a request: what counts is the order here.
    EXPECT_THAT(c.read_message(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(protocol_test, passes_100_continue_both_ways) {
    serve([](tcp_peer& peer) {
        peer.read_until("\r\n\r\n");
        peer.send("HTTP/1.1 100 Continue\r\n\r\n");
        const auto body = peer.read_exactly(5);
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body);
    });
    auto c = client();
    c.send("POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    ASSERT_EQ(c.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    c.send("hello");
    EXPECT_THAT(c.read_message(), EndsWith("hello"));
}

TEST_F(protocol_test, passes_early_hints_before_the_answer) {
    serve(always("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    EXPECT_EQ(get("app.localhost"),
              "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
              "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
}

TEST_F(protocol_test, gives_no_body_to_head_204_and_304_and_goes_on) {
    std::atomic<int> turn{0};
    serve([&](tcp_peer& peer) {
        const char* answers[]{"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
                              "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n"};
        while (!peer.read_until("\r\n\r\n").empty())
            peer.send(answers[turn++ % 3]);
    });
    auto c = client();
    for (int i = 0; i < 3; ++i) {
        c.send("HEAD / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
        EXPECT_THAT(c.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 "));
    }
    EXPECT_EQ(app_->connections(), 1);
}

TEST_F(protocol_test, gives_an_http_1_0_client_what_it_understands) {
    serve(always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"));
    auto c = client();
    c.send("GET / HTTP/1.0\r\nHost: app.localhost\r\n\r\n");
    EXPECT_EQ(c.read_to_end(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello world");
    EXPECT_FALSE(c.was_reset());
}

TEST_F(protocol_test, keeps_the_client_when_an_answer_ends_by_close) {
    serve([](tcp_peer& peer) {
        peer.read_message();
        peer.send("HTTP/1.0 200 OK\r\n\r\nhello");
    });
    auto c = client();
    for (int i = 0; i < 3; ++i) {
        c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
        const auto answer = c.read_until("0\r\n\r\n");
        EXPECT_THAT(answer,
                    AllOf(StartsWith("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), HasSubstr("hello")));
    }
    EXPECT_EQ(server_->count().accepted, 1u);
}

TEST_F(protocol_test, streams_events_as_they_come) {
    serve([](tcp_peer& peer) {
        peer.read_message();
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nfirst\r\n\r\n");
        peer.read_to_end();
    });
    auto c = client();
    c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    EXPECT_THAT(c.read_until("first\r\n\r\n"), EndsWith("7\r\nfirst\r\n\r\n"));
    c.close();
}

TEST_F(protocol_test, tunnels_a_websocket_with_half_close) {
    serve([](tcp_peer& peer) {
        const auto head = peer.read_until("\r\n\r\n");
        if (head.find("Connection: Upgrade\r\nUpgrade: websocket\r\n") == std::string::npos) return;
        peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello");
        const auto all = peer.read_to_end();
        peer.send("you said: " + all);
    });
    auto c = client();
    c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly ");
    EXPECT_THAT(c.read_until("hello"), StartsWith("HTTP/1.1 101 "));
    c.send("and late");
    c.end();
    EXPECT_EQ(c.read_to_end(), "you said: early and late");
    EXPECT_EQ(server_->count().upgrades, 1u);
}

TEST_F(protocol_test, takes_no_upgrade_that_nobody_asked_for) {
    serve(always("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
    EXPECT_THAT(get("app.localhost"), StartsWith("HTTP/1.1 502 "));
}

TEST_F(protocol_test, retries_on_a_fresh_connection_when_the_kept_one_was_closed) {
    // Each connection serves one request and closes when the next one comes: the closest thing to the race between a
    // keep-alive timeout and a request that can be scripted.
    serve([](tcp_peer& peer) {
        peer.read_message();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        peer.read_exactly(1);
    });
    auto c = client();
    for (int i = 0; i < 10; ++i) {
        c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
        ASSERT_THAT(c.read_message(), EndsWith("ok"));
    }
    EXPECT_EQ(server_->count().retries, 9u);
}

TEST_F(protocol_test, sends_no_post_twice) {
    std::atomic<int> posts{0};
    serve([&](tcp_peer& peer) {
        peer.read_message();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        if (!peer.read_until("\r\n\r\n").empty()) ++posts;
    });
    auto c = client();
    c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    ASSERT_THAT(c.read_message(), EndsWith("ok"));
    c.send("POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 0\r\n\r\n");
    EXPECT_THAT(c.read_message(), StartsWith("HTTP/1.1 502 "));
    EXPECT_EQ(posts, 1);
}

}  // namespace
}  // namespace gasper::test
