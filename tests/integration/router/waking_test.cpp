// Requests for an app that sleeps: held, one wake, then all of them go on.
#include <gmock/gmock.h>

#include <set>

#include "router/waiting_room.hpp"
#include "tests/integration/router/router_fixture.hpp"

namespace gasper::test {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto request = "GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n";

class waking_test : public router_test {
 protected:
    void sleep_and_start() {
        table_.routes.clear();
        add_route("app.localhost", {}).asleep = true;
        start();
    }
    void wake_up(std::uint16_t instance) {
        table_.routes.clear();
        add_route("app.localhost", {instance}).asleep = true;
        publish();
    }
    std::vector<tcp_peer> crowd(std::size_t n) {
        std::vector<tcp_peer> clients;
        for (std::size_t i = 0; i < n; ++i) {
            clients.push_back(client());
            clients.back().send(request);
        }
        return clients;
    }
    std::uint32_t waiting() { return server_->routes()->find("app.localhost")->state->waiting; }
    feed_report report() { return server_->reports().next_report(false); }
};

TEST_F(waking_test, holds_a_thousand_requests_asks_once_and_serves_them_all) {
    settings.threads = 2;
    std::atomic<int> news{0};
    add_route("app.localhost", {}).asleep = true;
    server_ = std::make_unique<router::server>(settings);
    server_->reports().on_news([&] { ++news; });
    ASSERT_TRUE(server_->start());
    publish();
    auto clients = crowd(1000);
    ASSERT_TRUE(eventually([&] { return waiting() == 1000; }));
    EXPECT_EQ(news, 1);
    EXPECT_EQ(report().wake, std::set<std::string>{"app.localhost"});
    EXPECT_TRUE(report().wake.empty()) << "not again so soon";
    scripted_upstream app(always_ok("awake"));
    wake_up(app.port());
    for (auto& c : clients)
        ASSERT_THAT(c.read_message(), EndsWith("awake"));
    EXPECT_EQ(waiting(), 0u);
    EXPECT_EQ(news, 1);
    EXPECT_LE(app.connections(), static_cast<int>(4 * router::waiting_room::at_once))
        << "an instance that has just begun to listen is not overrun";
}

TEST_F(waking_test, asks_again_when_the_app_has_gone_back_to_sleep) {
    scripted_upstream app(always_ok("awake"));
    sleep_and_start();
    for (int round = 0; round < 3; ++round) {
        auto c = crowd(1);
        ASSERT_TRUE(eventually([&] { return waiting() == 1; }));
        EXPECT_EQ(report().wake.size(), 1u) << round;
        wake_up(app.port());
        EXPECT_THAT(c[0].read_message(), EndsWith("awake"));
        table_.routes.clear();
        add_route("app.localhost", {}).asleep = true;
        publish();
    }
}

TEST_F(waking_test, tells_a_control_plane_that_came_back) {
    sleep_and_start();
    auto c = crowd(1);
    ASSERT_TRUE(eventually([&] { return waiting() == 1; }));
    EXPECT_EQ(report().wake.size(), 1u);
    EXPECT_EQ(server_->reports().next_report(true).wake.size(), 1u);
}

TEST_F(waking_test, answers_503_when_nobody_wakes_the_app) {
    settings.wake_timeout = 100ms;
    sleep_and_start();
    const auto answer = get("app.localhost");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(answer, HasSubstr("Retry-After: 10\r\n"));
    EXPECT_THAT(answer, HasSubstr("H20"));
    EXPECT_EQ(waiting(), 0u);
}

TEST_F(waking_test, holds_no_more_than_so_many) {
    settings.max_waiting = 5;
    sleep_and_start();
    auto clients = crowd(5);
    ASSERT_TRUE(eventually([&] { return waiting() == 5; }));
    const auto answer = get("app.localhost");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(answer, HasSubstr("H11"));
    scripted_upstream app(always_ok("awake"));
    wake_up(app.port());
    for (auto& c : clients)
        EXPECT_THAT(c.read_message(), EndsWith("awake"));
}

TEST_F(waking_test, forgets_clients_that_left_and_ends_with_some_still_waiting) {
    sleep_and_start();
    auto clients = crowd(10);
    ASSERT_TRUE(eventually([&] { return waiting() == 10; }));
    for (int i = 0; i < 5; ++i)
        clients[static_cast<std::size_t>(i)].reset();
    EXPECT_TRUE(eventually([&] { return waiting() == 5; }));
    server_->stop();
}

TEST_F(waking_test, sends_a_held_body_and_keeps_the_connection) {
    scripted_upstream app([](tcp_peer& peer) {
        while (true) {
            const auto message = peer.read_message();
            if (message.empty()) return;
            const auto body = message.substr(message.find("\r\n\r\n") + 4);
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
        }
    });
    sleep_and_start();
    auto c = client();
    const std::string body(300'000, 'b');
    c.send("POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 300000\r\n\r\n" + body.substr(0, 1000));
    ASSERT_TRUE(eventually([&] { return waiting() == 1; }));
    wake_up(app.port());
    c.send(body.substr(1000));
    EXPECT_THAT(c.read_message(), EndsWith(body));
    c.send(request);
    EXPECT_THAT(c.read_message(), StartsWith("HTTP/1.1 200"));
}

TEST_F(waking_test, lets_those_who_wait_know_when_the_app_is_gone) {
    sleep_and_start();
    auto clients = crowd(3);
    ASSERT_TRUE(eventually([&] { return waiting() == 3; }));
    table_.routes.clear();
    publish();
    for (auto& c : clients)
        EXPECT_THAT(c.read_message(), StartsWith("HTTP/1.1 404"));
}

TEST_F(waking_test, tells_since_when_an_app_is_idle_only_where_that_is_asked) {
    scripted_upstream app(always_ok("ok"));
    add_route("idle.localhost", {app.port()}).sleep_after = 60;
    add_route("other.localhost", {app.port()});
    start();
    EXPECT_THAT(get("idle.localhost"), EndsWith("ok"));
    const auto told = report().idle;
    ASSERT_EQ(told.size(), 1u);
    EXPECT_LT(told.at("idle.localhost"), 10s);
    EXPECT_TRUE(report().idle.empty()) << "not again so soon";
}

}  // namespace
}  // namespace gasper::test
