#include "runtime/services/greeting_start.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "runtime/services/kind.hpp"

namespace gasper::runtime {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string login_packet(int number, std::string_view payload) {
    std::string packet{static_cast<char>(payload.size() & 0xff), static_cast<char>(payload.size() >> 8 & 0xff),
                       static_cast<char>(payload.size() >> 16 & 0xff), static_cast<char>(number)};
    return packet.append(payload);
}

// The server's version, its thread, the scramble, capabilities with and without TLS, and what is behind.
std::string greeting_payload(unsigned char capabilities) {
    std::string p(
        "\x0a"
        "10.11.6-MariaDB\0"
        "\x01\0\0\0"
        "12345678"
        "\0\xfe"sv);
    p += static_cast<char>(capabilities);
    return p.append("\x2d\x02\0\xff\x81\x15"sv).append(10, '\0').append("123456789012\0mysql_native_password\0"sv);
}

std::string with_flags(unsigned char flags, std::string_view rest) {
    std::string p("\x85");
    p += static_cast<char>(flags);
    p.append("\x0f\0\0\0\0\x01\x2d"sv).append(23, '\0');
    return p.append(rest);
}

const auto ssl_request_packet = login_packet(1, with_flags(0xaa, ""));
const auto client_response = with_flags(0xaa,
                                        "ann\0\x14"
                                        "12345678901234567890app\0"sv);
const auto response_without = with_flags(0xa2,
                                         "ann\0\x14"
                                         "12345678901234567890app\0"sv);
constexpr auto ok_payload = "\0\0\0\x02\0\0\0"sv;
constexpr auto err_payload = "\xff\x15\x04#28000Access denied"sv;
constexpr auto switch_payload =
    "\xfe"
    "mysql_native_password\0"
    "12345678901234567890\0"sv;

std::string say_all(greeting_start& start, std::string_view& bytes) {
    std::string said;
    while (const auto wanted = start.wants()) {
        if (bytes.size() < wanted) return said;
        said += start.take(bytes.substr(0, wanted));
        bytes.remove_prefix(wanted);
    }
    return said;
}

std::string greeted(greeting_start& start, const std::string& greeting) {
    std::string said;
    for (std::string_view left = greeting; start.now() == greeting_start::state::greeting;) {
        const auto wanted = start.wants();
        if (left.size() < wanted) break;
        said += start.take(left.substr(0, wanted));
        left.remove_prefix(wanted);
    }
    return said;
}

TEST(greeting_start_test, is_what_mariadb_says_of_itself) {
    EXPECT_TRUE(find_kind("mariadb")->outside->begin.greeted);
    EXPECT_FALSE(find_kind("postgres")->outside->begin.greeted);
}

TEST(greeting_start_test, says_in_the_greeting_that_tls_is_to_be_had_and_reads_no_byte_more) {
    greeting_start start;
    EXPECT_EQ(greeted(start, login_packet(0, greeting_payload(0xf7))), login_packet(0, greeting_payload(0xff)));
    ASSERT_EQ(start.now(), greeting_start::state::asking);
    const auto sent = ssl_request_packet + "\x16\x03\x01";
    std::string_view left = sent;
    EXPECT_EQ(say_all(start, left), "");
    EXPECT_EQ(start.now(), greeting_start::state::begun);
    EXPECT_EQ(left, "\x16\x03\x01") << "what comes behind is for TLS";
}

TEST(greeting_start_test, a_client_without_tls_hears_why_and_its_response_is_not_read) {
    for (const auto& sent : {login_packet(1, response_without), login_packet(2, with_flags(0xaa, "")),
                             login_packet(1, with_flags(0xa2, "")), std::string(40, 'x')}) {
        greeting_start start;
        greeted(start, login_packet(0, greeting_payload(0xf7)));
        std::string_view left = sent;
        const auto said = say_all(start, left);
        EXPECT_EQ(start.now(), greeting_start::state::refused);
        EXPECT_EQ(said.substr(3, 4), "\x02\xff\x57\x0c"sv);
        EXPECT_NE(said.find("TLS only"), said.npos);
    }
}

TEST(greeting_start_test, a_greeting_that_is_none_is_not_passed_on) {
    for (const auto& sent :
         {login_packet(1, greeting_payload(0xf7)),
          login_packet(0,
                       "\x0a"
                       "10.11"sv),
          login_packet(0,
                       "\x09"
                       "3.20\0"sv),
          login_packet(0, greeting_payload(0xf5)), login_packet(0, ""), "\xff\xff\xff\0"s + "more"}) {
        greeting_start start;
        EXPECT_EQ(greeted(start, sent), "");
        EXPECT_EQ(start.now(), greeting_start::state::refused) << start.why();
    }
}

TEST(greeting_start_test, a_server_that_takes_nobody_says_so_itself) {
    greeting_start start;
    const auto sent = login_packet(0, "\xff\x10\x04Too many connections"sv);
    EXPECT_EQ(greeted(start, sent), sent);
    EXPECT_EQ(start.now(), greeting_start::state::refused);
}

/// A login in which both say something in turn; "" is neither. What each heard.
struct heard {
    std::string server, client;
};

heard converse(greeting_login& login, const std::vector<std::pair<std::string, std::string>>& said, std::size_t piece) {
    heard h;
    const auto in_pieces = [piece](const std::string& text, auto&& give) {
        for (std::size_t at = 0; at < text.size(); at += piece)
            give(std::string_view(text).substr(at, piece));
    };
    for (const auto& [client, server] : said) {
        in_pieces(client, [&](std::string_view p) { h.server += login.from_client(p); });
        in_pieces(server, [&](std::string_view p) { h.client += login.from_server(p); });
    }
    return h;
}

TEST(greeting_login_test, numbers_are_one_apart_until_the_server_says_ok) {
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 4096u}) {
        greeting_login login;
        const auto h = converse(login, {{login_packet(2, client_response), login_packet(2, ok_payload)}}, piece);
        EXPECT_EQ(h.server, login_packet(1, response_without)) << "the server speaks no TLS";
        EXPECT_EQ(h.client, login_packet(3, ok_payload));
        EXPECT_EQ(login.now(), greeting_login::state::through);
        EXPECT_EQ(login.from_client("\x01\0\0\0\x0e"sv), "\x01\0\0\0\x0e"sv) << "from then on bytes as they are";
        EXPECT_EQ(login.from_server("anything"), "anything");
    }
}

TEST(greeting_login_test, another_plugin_goes_on_by_as_many_packets_as_it_takes) {
    greeting_login login;
    const auto h = converse(
        login,
        {{login_packet(2, client_response), login_packet(2, switch_payload)},
         {login_packet(4, "12345678901234567890"), login_packet(4, "\x01\x03"sv) + login_packet(5, ok_payload)}},
        4096);
    EXPECT_EQ(h.server, login_packet(1, response_without) + login_packet(3, "12345678901234567890"));
    EXPECT_EQ(h.client, login_packet(3, switch_payload) + login_packet(5, "\x01\x03"sv) + login_packet(6, ok_payload));
    EXPECT_EQ(login.now(), greeting_login::state::through);
}

TEST(greeting_login_test, what_the_server_says_behind_its_last_packet_follows_it) {
    greeting_login login;
    const auto h = converse(login, {{login_packet(2, client_response), login_packet(2, err_payload) + "end"}}, 4096);
    EXPECT_EQ(h.client, login_packet(3, err_payload) + "end");
    EXPECT_EQ(login.now(), greeting_login::state::through);
}

TEST(greeting_login_test, what_is_no_login_ends_it_and_reaches_nobody) {
    const auto endless = [] {
        std::string all;
        for (int n = 2; n < 2 + 70; ++n)
            all += login_packet(n, "\x01x");
        return all;
    }();
    const std::vector<std::pair<std::string, std::string>> each{
        {login_packet(1, client_response), ""},                                 // numbered as without TLS
        {login_packet(2, "short"), ""},                                         // no response
        {login_packet(2, with_flags(0xa0, "ann")), ""},                         // of before 4.1
        {"\x01\0\x02\x02" + std::string(20, 'x'), ""},                          // longer than a login is
        {login_packet(2, client_response), login_packet(7, ok_payload)},        // a wrong number
        {"", login_packet(2, ok_payload)},                                      // before the response
        {login_packet(2, client_response), login_packet(2, "")},                // nothing
        {login_packet(2, client_response) + "x", login_packet(2, ok_payload)},  // a command that did not wait
        {login_packet(2, client_response), endless}};
    for (std::size_t i = 0; i < each.size(); ++i) {
        greeting_login login;
        converse(login, {each[i]}, 4096);
        EXPECT_EQ(login.now(), greeting_login::state::refused) << i;
        EXPECT_FALSE(login.why().empty());
        EXPECT_EQ(login.from_client(login_packet(2, client_response)), "");
        EXPECT_EQ(login.from_server("x"), "");
    }
}

}  // namespace
}  // namespace gasper::runtime
