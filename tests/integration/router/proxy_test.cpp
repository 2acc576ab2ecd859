#include <gmock/gmock.h>

#include "tests/integration/router/router_fixture.hpp"

namespace gasper::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using proxy_test = router_test;

TEST_F(proxy_test, sends_a_request_to_the_app_of_its_host) {
    scripted_upstream one(always_ok("one"));
    scripted_upstream two(always_ok("two"));
    add_route("one.localhost", {one.port()});
    add_route("two.localhost", {two.port()});
    start();
    EXPECT_THAT(get("one.localhost"), EndsWith("\r\n\r\none"));
    EXPECT_THAT(get("TWO.localhost.:8080"), EndsWith("\r\n\r\ntwo"));
}

TEST_F(proxy_test, answers_404_for_a_host_that_nobody_has) {
    start();
    EXPECT_THAT(get("nobody.localhost"), AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("No such app")));
}

TEST_F(proxy_test, answers_503_for_an_app_without_instances_and_for_maintenance) {
    scripted_upstream app(always_ok("app"));
    add_route("none.localhost", {});
    add_route("busy.localhost", {app.port()}).maintenance = true;
    start();
    EXPECT_THAT(get("none.localhost"), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("No web processes")));
    EXPECT_THAT(get("busy.localhost"), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Maintenance")));
    EXPECT_EQ(app.connections(), 0);
}

TEST_F(proxy_test, keeps_both_connections_alive_between_requests) {
    scripted_upstream app(always_ok("ok"));
    add_route("app.localhost", {app.port()});
    start();
    auto c = client();
    for (int i = 0; i < 50; ++i) {
        c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
        ASSERT_THAT(c.read_message(), EndsWith("ok"));
    }
    EXPECT_EQ(app.connections(), 1);
    EXPECT_EQ(server_->count().accepted, 1u);
}

TEST_F(proxy_test, tries_another_instance_when_one_refuses_the_connection) {
    scripted_upstream gone(always_ok("gone"));
    gone.stop();
    scripted_upstream app(always_ok("here"));
    add_route("app.localhost", {gone.port(), app.port()});
    start();
    for (int i = 0; i < 10; ++i)
        EXPECT_THAT(get("app.localhost"), EndsWith("here"));
}

TEST_F(proxy_test, answers_503_when_no_instance_takes_the_connection) {
    scripted_upstream gone(always_ok("gone"));
    gone.stop();
    add_route("app.localhost", {gone.port()});
    start();
    EXPECT_THAT(get("app.localhost"), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("H21")));
}

TEST_F(proxy_test, streams_a_large_body_both_ways) {
    scripted_upstream echo([](tcp_peer& peer) {
        const auto head = peer.read_until("\r\n\r\n");
        const auto body = peer.read_exactly(10'000'000);
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    });
    add_route("app.localhost", {echo.port()});
    start();
    auto c = client();
    const std::string body(10'000'000, 'x');
    c.send("POST / HTTP/1.1\r\nHost: app.localhost\r\nContent-Length: 10000000\r\n\r\n");
    c.send(body);
    EXPECT_THAT(c.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(c.read_exactly(body.size()), body);
}

}  // namespace
}  // namespace gasper::test
