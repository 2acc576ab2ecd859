// What the router answers for an app that is being worked on.
#include <gmock/gmock.h>

#include "tests/integration/router/router_fixture.hpp"

namespace gasper::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using maintenance_test = router_test;

TEST_F(maintenance_test, answers_503_with_a_page_and_says_when_to_come_again) {
    scripted_upstream app(always_ok("the app"));
    add_route("app.localhost", {app.port()}).maintenance = true;
    start();
    const auto answer = get("app.localhost");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nRetry-After: 60\r\n"));
    EXPECT_THAT(answer, HasSubstr("Maintenance mode"));
    EXPECT_EQ(app.connections(), 0);
}

TEST_F(maintenance_test, answers_with_the_apps_own_page) {
    auto& r = add_route("app.localhost", {});
    r.maintenance = true;
    r.maintenance_page = "<h1>Back at noon</h1>";
    start();
    const auto answer = get("app.localhost");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 21\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nRetry-After: 60\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n<h1>Back at noon</h1>"));
    auto c = client();
    c.send("HEAD / HTTP/1.1\r\nHost: app.localhost\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(c.read_to_end(), EndsWith("\r\n\r\n"));
}

TEST_F(maintenance_test, keeps_the_connection_and_ends_with_the_maintenance) {
    scripted_upstream app(always_ok("the app"));
    add_route("app.localhost", {app.port()}).maintenance = true;
    start();
    auto c = client();
    c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    EXPECT_THAT(c.read_message(), HasSubstr("Connection: keep-alive"));
    table_.routes.front().maintenance = false;
    publish();
    c.send("GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    EXPECT_THAT(c.read_message(), EndsWith("the app"));
}

}  // namespace
}  // namespace gasper::test
