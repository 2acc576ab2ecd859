#include "router/rewrite.hpp"

#include <gmock/gmock.h>

namespace gasper::router {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string rewritten(const std::string& text) {
    request_head head;
    EXPECT_FALSE(parse_request(text, head)) << text;
    std::string out;
    append_request(head, {.client = "192.0.2.1", .port = "8080", .https = false, .request_id = "id", .start_ms = "1"},
                   out);
    return out;
}

std::string rewritten_with(const std::string& fields) {
    return rewritten("GET /a HTTP/1.1\r\nHost: App.localhost:8080\r\n" + fields + "\r\n");
}

std::string response(const std::string& text, response_form form) {
    response_head head;
    EXPECT_FALSE(parse_response(text, false, head)) << text;
    std::string out;
    append_response(head, form, out);
    return out;
}

TEST(rewrite_test, adds_the_forwarding_fields) {
    EXPECT_EQ(rewritten_with("Accept: */*\r\n"),
              "GET /a HTTP/1.1\r\nHost: App.localhost:8080\r\nAccept: */*\r\nX-Forwarded-For: 192.0.2.1\r\n"
              "X-Forwarded-Proto: http\r\nX-Forwarded-Host: App.localhost:8080\r\nX-Forwarded-Port: 8080\r\n"
              "X-Request-Id: id\r\nX-Request-Start: 1\r\n\r\n");
}

TEST(rewrite_test, appends_the_client_to_the_chain_and_believes_nothing_else) {
    const auto out = rewritten_with(
        "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\nForwarded: for=x\r\nX-Request-Start: 0\r\n"
        "X_Forwarded_Proto: https\r\n");
    EXPECT_THAT(out, AllOf(HasSubstr("X-Forwarded-For: 10.0.0.1, 192.0.2.1\r\n"), Not(HasSubstr("https")),
                           Not(HasSubstr("Forwarded: for")), Not(HasSubstr("X-Request-Start: 0"))));
}

TEST(rewrite_test, removes_what_belongs_to_one_hop) {
    const auto out = rewritten_with(
        "Connection: close, X-Secret, Content-Length\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
        "Proxy-Connection: close\r\nContent-Length: 5\r\nUpgrade: websocket\r\n");
    EXPECT_THAT(out,
                AllOf(Not(HasSubstr("X-Secret")), Not(HasSubstr("Keep-Alive")), Not(HasSubstr("TE:")),
                      Not(HasSubstr("Connection")), Not(HasSubstr("Upgrade")), HasSubstr("Content-Length: 5\r\n")));
}

TEST(rewrite_test, passes_an_upgrade_but_not_to_http2) {
    EXPECT_THAT(rewritten_with("Connection: upgrade\r\nUpgrade: websocket\r\n"),
                HasSubstr("Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    EXPECT_THAT(rewritten_with("Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
                AllOf(Not(HasSubstr("h2c")), Not(HasSubstr("HTTP2-Settings"))));
}

TEST(rewrite_test, sends_http_1_1_whatever_came) {
    EXPECT_THAT(rewritten("GET / HTTP/1.0\r\nHost: a\r\n\r\n"), StartsWith("GET / HTTP/1.1\r\nHost: a\r\n"));
}

TEST(rewrite_test, gives_a_response_the_framing_of_the_clients_connection) {
    EXPECT_EQ(response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\nConnection: X, close\r\n\r\n",
                       {.client_minor = 1, .keep_alive = true, .body = body_kind::chunked}),
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_EQ(response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                       {.client_minor = 0, .keep_alive = false, .body = body_kind::until_close}),
              "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(response("HTTP/1.0 404 Not Here\r\nContent-Length: 3\r\n\r\n",
                       {.client_minor = 0, .keep_alive = true, .body = body_kind::length}),
              "HTTP/1.1 404 Not Here\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n");
}

TEST(rewrite_test, keeps_only_sane_request_ids) {
    EXPECT_TRUE(is_request_id("0f9c0f9c-0f9c-4f9c-8f9c-0f9c0f9c0f9c"));
    EXPECT_FALSE(is_request_id("short"));
    EXPECT_FALSE(is_request_id("with spaces in the middle of it"));
    EXPECT_FALSE(is_request_id(std::string(201, 'a')));
}

}  // namespace
}  // namespace gasper::router
