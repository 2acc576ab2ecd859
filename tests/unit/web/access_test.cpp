#include "web/access.hpp"

#include <gtest/gtest.h>

namespace gasper::web {
namespace {

headers with(std::initializer_list<std::pair<const char*, const char*>> fields) {
    headers out;
    for (const auto& [name, value] : fields)
        out.add(name, value);
    return out;
}

TEST(host_test, answers_for_its_own_names_only) {
    options o;
    o.domain = "apps.example.org";
    o.hosts = {"panel.example.net"};
    for (const char* good : {"localhost", "localhost:8000", "LOCALHOST:8000", "gasper.localhost", "127.0.0.1:8000",
                             "[::1]:8000", "192.0.2.7", "apps.example.org", "gasper.apps.example.org",
                             "gasper.apps.example.org.:80", "panel.example.net:1"})
        EXPECT_TRUE(host_allowed(with({{"Host", good}}), o)) << good;
    for (const char* bad : {"", "evil.example", "localhost.evil.example", "notlocalhost", "hello.apps.example.org",
                            "[::1", "[::1]x", ":8000"})
        EXPECT_FALSE(host_allowed(with({{"Host", bad}}), o)) << bad;
    EXPECT_FALSE(host_allowed(with({}), o));
    EXPECT_FALSE(host_allowed(with({{"Host", "localhost"}, {"Host", "evil.example"}}), o));
}

TEST(origin_test, knows_its_own_pages) {
    EXPECT_TRUE(same_origin(with({{"Host", "localhost:8000"}, {"Origin", "http://localhost:8000"}})));
    EXPECT_TRUE(same_origin(with({{"Host", "gasper.example.org"}, {"Origin", "https://gasper.example.org"}})));
    for (const char* foreign : {"http://localhost:8080", "http://hello.localhost:8000", "null", "",
                                "http://localhost:8000.evil.example", "ftp://localhost:8000"})
        EXPECT_FALSE(same_origin(with({{"Host", "localhost:8000"}, {"Origin", foreign}}))) << foreign;
    EXPECT_FALSE(same_origin(with({{"Host", "localhost:8000"}})));
}

TEST(credential_test, takes_a_bearer_token_before_a_cookie) {
    const auto both = with({{"Authorization", "bearer abc"}, {"Cookie", "gasper_session=xyz"}});
    EXPECT_EQ(credential_of(both)->token, "abc");
    EXPECT_FALSE(credential_of(both)->cookie);
    const auto cookies = with({{"Cookie", "other=1; gasper_session=xyz; more=2"}});
    EXPECT_EQ(credential_of(cookies)->token, "xyz");
    EXPECT_TRUE(credential_of(cookies)->cookie);
}

TEST(credential_test, takes_no_other_scheme_and_no_lookalike_cookie) {
    EXPECT_EQ(credential_of(with({{"Authorization", "Basic abc"}, {"Cookie", "gasper_session=xyz"}}))->token, "");
    EXPECT_FALSE(credential_of(with({{"Cookie", "xgasper_session=1; gasper_sessions=2; gasper_session"}})));
    EXPECT_FALSE(credential_of(with({})));
}

TEST(credential_test, prefers_the_cookie_that_siblings_cannot_plant) {
    EXPECT_EQ(credential_of(with({{"Cookie", "gasper_session=planted; __Host-gasper_session=own"}}))->token, "own");
}

TEST(cookie_test, keeps_sessions_from_scripts_and_other_sites) {
    const auto plain = session_cookie("abc", std::chrono::hours(12), false);
    EXPECT_EQ(plain, "gasper_session=abc; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200");
    const auto secure = session_cookie("abc", std::chrono::hours(12), true);
    EXPECT_EQ(secure, "__Host-gasper_session=abc; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure");
    EXPECT_NE(session_cookie("", {}, false).find("Max-Age=0"), std::string::npos);
}

request forwarded(const char* peer, std::initializer_list<std::pair<const char*, const char*>> fields) {
    request r;
    r.peer = peer;
    r.fields = with(fields);
    return r;
}

TEST(client_test, trusts_a_proxy_on_this_machine_only) {
    const auto local =
        client_of(forwarded("127.0.0.1", {{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "https"}}));
    EXPECT_EQ(local.address, "203.0.113.9");
    EXPECT_TRUE(local.secure);
    const auto far =
        client_of(forwarded("198.51.100.1", {{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "https"}}));
    EXPECT_EQ(far.address, "198.51.100.1");
    EXPECT_FALSE(far.secure);
}

TEST(client_test, believes_only_what_that_proxy_wrote) {
    EXPECT_EQ(client_of(forwarded("::1", {{"X-Forwarded-For", "1.2.3.4, 203.0.113.9"}})).address, "203.0.113.9");
    EXPECT_EQ(client_of(forwarded("::ffff:127.0.0.1", {{"X-Forwarded-For", "nonsense"}})).address, "::ffff:127.0.0.1");
}

}  // namespace
}  // namespace gasper::web
