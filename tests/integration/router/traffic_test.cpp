// What is counted per app, and that it is said once.
#include <gmock/gmock.h>

#include <numeric>

#include "tests/integration/router/router_fixture.hpp"

namespace gasper::test {
namespace {

class traffic_test : public router_test {
 protected:
    app_traffic count(const std::string& host) { return server_->routes()->find(host)->state->count(); }
    static std::uint64_t timed(const app_traffic& t) {
        return std::accumulate(t.latency.begin(), t.latency.end(), std::uint64_t{0});
    }
};

TEST_F(traffic_test, counts_requests_by_class_time_and_bytes_over_all_workers) {
    settings.threads = 3;
    scripted_upstream good(always_ok("1234"));
    scripted_upstream missing(always("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    add_route("good.localhost", {good.port()});
    add_route("missing.localhost", {missing.port()});
    add_route("down.localhost", {});
    start();
    for (int i = 0; i < 30; ++i)
        get("good.localhost");
    get("missing.localhost");
    get("down.localhost");
    get("unknown.localhost");
    ASSERT_TRUE(eventually([&] { return count("good.localhost").requests == 30; }));
    const auto t = count("good.localhost");
    EXPECT_EQ(t.by_class[2], 30u);
    EXPECT_EQ(timed(t), 30u);
    EXPECT_GT(t.latency_us, 0u);
    EXPECT_GT(t.bytes_out, 30u * 4u);
    EXPECT_EQ(t.in_flight, 0u);
    EXPECT_TRUE(eventually([&] { return count("missing.localhost").by_class[4] == 1; }));
    EXPECT_TRUE(eventually([&] { return count("down.localhost").by_class[5] == 1; }));
}

TEST_F(traffic_test, counts_what_is_in_flight_and_keeps_a_tunnels_time_out_of_the_histogram) {
    scripted_upstream chat([](tcp_peer& peer) {
        peer.read_message();
        peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        peer.read_to_end();
    });
    add_route("app.localhost", {chat.port()});
    start();
    auto c = client();
    c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    c.read_message();
    EXPECT_EQ(count("app.localhost").in_flight, 1u);
    EXPECT_EQ(server_->routes()->find("app.localhost")->state->idle(router::clock::now()).count(), 0);
    c.close();
    EXPECT_TRUE(eventually([&] { return count("app.localhost").in_flight == 0; }));
    EXPECT_EQ(count("app.localhost").by_class[1], 1u);
    EXPECT_EQ(timed(count("app.localhost")), 0u);
}

TEST_F(traffic_test, says_every_request_once_even_when_a_report_was_lost) {
    scripted_upstream app(always_ok("ok"));
    add_route("app.localhost", {app.port()});
    start();
    auto& reports = server_->reports();
    get("app.localhost");
    ASSERT_TRUE(eventually([&] { return count("app.localhost").requests == 1; }));
    EXPECT_EQ(reports.next_report(true).traffic.at("app.localhost").requests, 1u);
    // The connection broke before that was written: the next one hears of it, and of what came since.
    get("app.localhost");
    ASSERT_TRUE(eventually([&] { return count("app.localhost").requests == 2; }));
    EXPECT_EQ(reports.next_report(true).traffic.at("app.localhost").requests, 2u);
    reports.reported();
    EXPECT_TRUE(reports.next_report(true).traffic.empty());
}

TEST_F(traffic_test, goes_on_counting_over_tables_and_reports_an_app_that_left_to_its_last_request) {
    scripted_upstream app(always_ok("ok"));
    add_route("app.localhost", {app.port()});
    start();
    get("app.localhost");
    publish();
    get("app.localhost");
    ASSERT_TRUE(eventually([&] { return count("app.localhost").requests == 2; }));
    table_.routes.clear();
    publish();
    EXPECT_EQ(server_->reports().next_report(true).traffic.at("app.localhost").requests, 2u);
    server_->reports().reported();
    EXPECT_TRUE(server_->reports().next_report(true).traffic.empty());
}

}  // namespace
}  // namespace gasper::test
