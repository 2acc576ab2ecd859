#include <gmock/gmock.h>

#include "tests/integration/router/router_fixture.hpp"
#include "tests/support/test_certificate.hpp"

namespace gasper::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class https_test : public router_test {
 protected:
    https_test() { settings.https_address = "127.0.0.1:0"; }
    tls_peer secure(const std::string& name) { return tls_peer(server_->https_port(), name); }
    std::string get(const std::string& host) {
        auto c = secure(host);
        c.send("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
        return c.read_to_end();
    }
};

TEST_F(https_test, shows_the_certificate_of_the_name_asked_for) {
    table_.certificates = {self_signed("*.localhost"), self_signed("shop.example.org")};
    start();
    EXPECT_EQ(secure("app.localhost").shown(), "*.localhost");
    EXPECT_EQ(secure("SHOP.example.org").shown(), "shop.example.org");
    EXPECT_EQ(secure("unknown.example.org").shown(), "*.localhost");
    EXPECT_EQ(secure("").shown(), "*.localhost");
}

TEST_F(https_test, tells_the_app_that_the_request_was_encrypted) {
    std::string head;
    scripted_upstream app([&](tcp_peer& peer) {
        head = peer.read_message();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    table_.certificates = {self_signed("app.localhost")};
    add_route("app.localhost", {app.port()});
    start();
    EXPECT_THAT(get("app.localhost"), EndsWith("ok"));
    EXPECT_THAT(head, AllOf(HasSubstr("X-Forwarded-Proto: https\r\n"),
                            HasSubstr("X-Forwarded-Port: " + std::to_string(server_->https_port()) + "\r\n")));
}

TEST_F(https_test, streams_a_large_body) {
    const std::string body(5'000'000, 'x');
    scripted_upstream app(always_ok(body));
    table_.certificates = {self_signed("app.localhost")};
    add_route("app.localhost", {app.port()});
    start();
    const auto answer = get("app.localhost");
    ASSERT_GT(answer.size(), body.size());
    EXPECT_TRUE(answer.ends_with(body));
}

TEST_F(https_test, takes_a_new_certificate_without_a_restart_and_leaves_out_a_broken_one) {
    table_.certificates = {self_signed("old.localhost")};
    start();
    ASSERT_EQ(secure("a").shown(), "old.localhost");
    auto broken = self_signed("broken.localhost");
    broken.key = self_signed("other.localhost").key;
    table_.certificates = {broken, self_signed("new.localhost")};
    publish();
    EXPECT_EQ(secure("a").shown(), "new.localhost");
    EXPECT_EQ(server_->certificates()->refused(), std::vector<std::string>{"broken.localhost"});
}

TEST_F(https_test, ends_what_is_no_tls_and_what_has_no_certificate) {
    start();
    EXPECT_FALSE(secure("app.localhost").connected());
    table_.certificates = {self_signed("app.localhost")};
    publish();
    auto plain = tcp_peer::connect(server_->https_port());
    plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    plain.read_to_end();
    EXPECT_TRUE(secure("app.localhost").connected());
}

}  // namespace
}  // namespace gasper::test
