#include "router/chunked.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gasper::router {
namespace {

using status = chunked_scanner::status;

status scan(std::string_view text) {
    return chunked_scanner{}.scan(text).is;
}

TEST(chunked_test, finds_the_end_and_leaves_what_follows) {
    const std::string body = "5\r\nhello\r\n6;name=\"v\"\r\n world\r\n0\r\n\r\n";
    const auto step = chunked_scanner{}.scan(body + "GET / HTTP/1.1\r\n");
    EXPECT_EQ(step.is, status::done);
    EXPECT_EQ(step.used, body.size());
    EXPECT_EQ(step.payload, 11u);
}

TEST(chunked_test, goes_on_at_any_byte) {
    const std::string body = "5\r\nhello\r\nA;x\r\n0123456789\r\n0\r\nTrailer: yes\r\n\r\n";
    for (std::size_t cut = 0; cut < body.size(); ++cut) {
        chunked_scanner scanner;
        ASSERT_EQ(scanner.scan(std::string_view(body).substr(0, cut)).is, status::more) << cut;
        ASSERT_EQ(scanner.scan(std::string_view(body).substr(cut)).is, status::done) << cut;
    }
}

TEST(chunked_test, moves_the_content_together) {
    std::string body = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    chunked_scanner scanner;
    const auto first = scanner.decode(body.data(), 14);
    EXPECT_EQ(body.substr(0, first.payload), "hello ");
    const auto second = scanner.decode(body.data() + 14, body.size() - 14);
    EXPECT_EQ(body.substr(14, second.payload), "world");
    EXPECT_EQ(second.is, status::done);
}

TEST(chunked_test, refuses_sizes_that_others_may_read_otherwise) {
    for (const char* text : {"\r\n", "x\r\n", "-1\r\n", "+1\r\n", " 1\r\n", "1 \r\n", "0x1\r\n", "1\n", "1;a\n", "1\rx",
                             "1\r\naa\r\n", "1\r\na\n", "1\r\na\rx", "fffffffffffffffff\r\n", "00000000000000000\r\n"})
        EXPECT_EQ(scan(text), status::bad) << text;
    EXPECT_EQ(scan("ffffffffffffff\r\n"), status::more);
}

TEST(chunked_test, refuses_bad_trailers) {
    EXPECT_EQ(scan("0\r\nTrailer: a\r\n\r\n"), status::done);
    for (const char* text :
         {"0\r\n\n", "0\r\n: x\r\n\r\n", "0\r\n folded\r\n\r\n", "0\r\nA b: c\r\n\r\n", "0\r\nA: b\n\r\n"})
        EXPECT_EQ(scan(text), status::bad) << text;
}

TEST(chunked_test, bounds_extensions_and_trailers) {
    EXPECT_EQ(scan("1;" + std::string(2000, 'a') + "\r\n"), status::bad);
    std::string trailers = "0\r\n";
    for (int i = 0; i < 1000; ++i)
        trailers += "Trailer: value\r\n";
    EXPECT_EQ(scan(trailers), status::bad);
}

}  // namespace
}  // namespace gasper::router
