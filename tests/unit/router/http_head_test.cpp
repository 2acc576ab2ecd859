#include "router/http_head.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gasper::router {
namespace {

/// The status that a request is refused with; 0: accepted.
int refusal_of(const std::string& text, request_head* out = nullptr) {
    static request_head kept;
    std::size_t scanned = 0;
    const auto end = find_head_end(text, scanned);
    if (end.is != head_end::state::complete) return end.is == head_end::state::bad ? 400 : -1;
    const auto why = parse_request(std::string_view(text).substr(0, end.size), kept);
    if (out) *out = kept;
    return why.status;
}

std::string get_with(const std::string& fields) {
    return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
std::string post_with(const std::string& fields) {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

int response_refusal(const std::string& text, response_head& out, bool answers_head = false) {
    return parse_response(text, answers_head, out).status;
}

TEST(http_head_test, reads_a_request) {
    const std::string text = "GET /a?b=c HTTP/1.1\r\nHost: app.localhost:8080\r\nAccept:\t text/html \r\n\r\n";
    request_head head;
    ASSERT_EQ(refusal_of(text, &head), 0);
    EXPECT_EQ(head.method, "GET");
    EXPECT_EQ(head.target, "/a?b=c");
    EXPECT_EQ(head.authority, "app.localhost:8080");
    EXPECT_EQ(head.host, "app.localhost");
    EXPECT_EQ(head.fields()[1].value, "text/html");
    EXPECT_TRUE(head.keep_alive);
    EXPECT_EQ(head.body, body_kind::none);
}

TEST(http_head_test, reads_an_ipv6_host) {
    const std::string text = "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n";
    request_head head;
    ASSERT_EQ(refusal_of(text, &head), 0);
    EXPECT_EQ(head.host, "[::1]");
}

TEST(http_head_test, finds_the_end_of_a_head_that_comes_byte_by_byte) {
    const std::string text = get_with("");
    std::size_t scanned = 0;
    for (std::size_t n = 0; n < text.size(); ++n)
        ASSERT_EQ(find_head_end(std::string_view(text).substr(0, n), scanned).is, head_end::state::incomplete);
    EXPECT_EQ(find_head_end(text + "body", scanned).size, text.size());
}

TEST(http_head_test, refuses_lines_that_do_not_end_with_crlf) {
    EXPECT_EQ(refusal_of("GET / HTTP/1.1\nHost: a\n\n"), 400);
    EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of(get_with("X: a\rb\r\n")), 400);
}

TEST(http_head_test, refuses_what_could_be_read_as_two_lengths) {
    EXPECT_EQ(refusal_of(post_with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")), 400);
    EXPECT_EQ(refusal_of(post_with("Content-Length: 5\r\nContent-Length: 6\r\n")), 400);
    EXPECT_EQ(refusal_of(post_with("Content-Length: 5, 5\r\n")), 400);
    EXPECT_EQ(refusal_of(post_with("Content-Length: +5\r\n")), 400);
    EXPECT_EQ(refusal_of(post_with("Content-Length: 0x5\r\n")), 400);
    EXPECT_EQ(refusal_of(post_with("Content-Length: -1\r\n")), 400);
    EXPECT_EQ(refusal_of(post_with("Content-Length:\r\n")), 400);
    EXPECT_EQ(refusal_of(post_with("Content-Length: 99999999999999999999\r\n")), 400);
    EXPECT_EQ(refusal_of(post_with("Content-Length: 5\r\nContent-Length: 5\r\n")), 0);
}

TEST(http_head_test, refuses_codings_it_does_not_frame_itself) {
    EXPECT_EQ(refusal_of(post_with("Transfer-Encoding: gzip, chunked\r\n")), 501);
    EXPECT_EQ(refusal_of(post_with("Transfer-Encoding: chunked, chunked\r\n")), 501);
    EXPECT_EQ(refusal_of(post_with("Transfer-Encoding: xchunked\r\n")), 501);
    EXPECT_EQ(refusal_of(post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400);
    EXPECT_EQ(refusal_of(post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")), 400);
    EXPECT_EQ(refusal_of("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of(post_with("Transfer-Encoding: Chunked\r\n")), 0);
}

TEST(http_head_test, refuses_malformed_fields) {
    EXPECT_EQ(refusal_of(get_with("X : y\r\n")), 400);
    EXPECT_EQ(refusal_of(get_with("X\t: y\r\n")), 400);
    EXPECT_EQ(refusal_of(get_with("X: y\r\n folded\r\n")), 400);
    EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of(get_with("no colon\r\n")), 400);
    EXPECT_EQ(refusal_of(get_with(": empty\r\n")), 400);
    EXPECT_EQ(refusal_of(get_with(std::string("X: a\0b\r\n", 8))), 400);
    EXPECT_EQ(refusal_of(get_with(std::string("X\0: b\r\n", 7))), 400);
}

TEST(http_head_test, refuses_a_missing_a_second_and_a_malformed_host) {
    EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of(get_with("Host: b\r\n")), 400);
    EXPECT_EQ(refusal_of(get_with("host: a\r\n")), 400);
    for (const char* host : {"", "a b", "a/b", "a@b", "a:b", "a:", "a:123456", "[::1", "[::1]x", "[::1]:", "a,b"})
        EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), 400) << host;
}

TEST(http_head_test, refuses_malformed_request_lines) {
    for (const char* line : {"GET /", "GET  / HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ", "GET /a b HTTP/1.1",
                             "G@T / HTTP/1.1", "GET / HTTP/11", "GET / http/1.1", "GET a HTTP/1.1", "GET * HTTP/1.1",
                             "GET /\x7f HTTP/1.1", "GET /#a HTTP/1.1", "GET ftp://a/ HTTP/1.1"})
        EXPECT_EQ(refusal_of(std::string(line) + "\r\nHost: a\r\n\r\n"), 400) << line;
    EXPECT_EQ(refusal_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
    EXPECT_EQ(refusal_of("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
    EXPECT_EQ(refusal_of("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
}

TEST(http_head_test, takes_an_absolute_target_only_for_the_host_it_names) {
    request_head head;
    const std::string same = "GET http://A.localhost/x HTTP/1.1\r\nHost: a.localhost\r\n\r\n";
    ASSERT_EQ(refusal_of(same, &head), 0);
    EXPECT_EQ(head.target, "/x");
    EXPECT_EQ(refusal_of("GET http://b.localhost/ HTTP/1.1\r\nHost: a.localhost\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of("GET http:///x HTTP/1.1\r\nHost: a.localhost\r\n\r\n"), 400);
}

TEST(http_head_test, bounds_the_line_and_the_number_of_fields) {
    EXPECT_EQ(refusal_of("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
    std::string fields;
    for (int i = 0; i < 99; ++i)
        fields += "X: y\r\n";
    EXPECT_EQ(refusal_of(get_with(fields)), 0);
    EXPECT_EQ(refusal_of(get_with(fields + "X: y\r\n")), 431);
}

TEST(http_head_test, knows_when_a_connection_goes_on) {
    request_head head;
    refusal_of(get_with("Connection: close\r\n"), &head);
    EXPECT_FALSE(head.keep_alive);
    refusal_of("GET / HTTP/1.0\r\nHost: a\r\n\r\n", &head);
    EXPECT_FALSE(head.keep_alive);
    refusal_of("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", &head);
    EXPECT_TRUE(head.keep_alive);
}

TEST(http_head_test, reads_an_upgrade_only_when_connection_says_so) {
    request_head head;
    const std::string with = get_with("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n");
    refusal_of(with, &head);
    EXPECT_EQ(head.upgrade, "websocket");
    refusal_of(get_with("Upgrade: websocket\r\n"), &head);
    EXPECT_EQ(head.upgrade, "");
}

TEST(http_head_test, marks_known_fields_that_are_spelled_with_underscores) {
    request_head head;
    const std::string text = get_with("X_Forwarded_For: 1.2.3.4\r\nContent_Length: 5\r\nX_Own: 1\r\n");
    ASSERT_EQ(refusal_of(text, &head), 0);
    EXPECT_EQ(head.fields()[1].id, field_id::disguised);
    EXPECT_EQ(head.fields()[2].id, field_id::disguised);
    EXPECT_EQ(head.fields()[3].id, field_id::other);
    EXPECT_EQ(head.body, body_kind::none);
}

TEST(http_head_test, reads_the_framing_of_a_response) {
    response_head head;
    ASSERT_EQ(response_refusal("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", head), 0);
    EXPECT_EQ(head.body, body_kind::length);
    ASSERT_EQ(response_refusal("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", head), 0);
    EXPECT_EQ(head.body, body_kind::chunked);
    ASSERT_EQ(response_refusal("HTTP/1.1 200\r\n\r\n", head), 0);
    EXPECT_EQ(head.body, body_kind::until_close);
    EXPECT_FALSE(head.keep_alive);
    ASSERT_EQ(response_refusal("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", head, true), 0);
    EXPECT_EQ(head.body, body_kind::none);
    for (const char* line : {"HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified", "HTTP/1.1 100 Continue"}) {
        ASSERT_EQ(response_refusal(std::string(line) + "\r\nContent-Length: 5\r\n\r\n", head), 0);
        EXPECT_EQ(head.body, body_kind::none) << line;
    }
}

TEST(http_head_test, refuses_malformed_responses) {
    response_head head;
    for (const char* text :
         {"HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 600 OK\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "ICY 200 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"})
        EXPECT_EQ(response_refusal(text, head), 502) << text;
}

}  // namespace
}  // namespace gasper::router
