#include "runtime/services/tls_start.hpp"

#include <gtest/gtest.h>

#include "runtime/services/kind.hpp"

namespace gasper::runtime {
namespace {

using namespace std::string_view_literals;

constexpr auto ssl_request = "\0\0\0\x08\x04\xd2\x16\x2f"sv;
constexpr auto gss_request = "\0\0\0\x08\x04\xd2\x16\x30"sv;
constexpr auto start_up = "\0\0\0\x54\0\x03\0\0"sv;

const tls_start_rules& postgres() {
    return find_kind("postgres")->outside->begin;
}

TEST(tls_start_test, begins_with_the_first_byte_where_nothing_is_asked) {
    const tls_start_rules rules{};
    tls_start start(rules);
    EXPECT_EQ(start.now(), tls_start::state::begun);
    EXPECT_EQ(start.wants(), 0u);
}

TEST(tls_start_test, answers_an_ssl_request_and_reads_no_byte_more) {
    tls_start start(postgres());
    ASSERT_EQ(start.wants(), 8u);
    EXPECT_EQ(start.take(ssl_request), "S");
    EXPECT_EQ(start.now(), tls_start::state::begun);
    EXPECT_EQ(start.wants(), 0u);
}

TEST(tls_start_test, declines_once_what_a_client_may_ask_for_before) {
    tls_start start(postgres());
    EXPECT_EQ(start.take(gss_request), "N");
    ASSERT_EQ(start.now(), tls_start::state::asking);
    ASSERT_EQ(start.wants(), 8u);
    tls_start again = start;
    EXPECT_EQ(start.take(ssl_request), "S");
    EXPECT_EQ(start.now(), tls_start::state::begun);
    EXPECT_NE(again.take(gss_request), "N");
    EXPECT_EQ(again.now(), tls_start::state::refused);
}

// A message of the type 'E' that is as long as it says, of fields that end with a zero.
TEST(tls_start_test, says_to_a_client_without_tls_why_it_is_refused) {
    tls_start start(postgres());
    const auto said = start.take(start_up);
    EXPECT_EQ(start.now(), tls_start::state::refused);
    EXPECT_EQ(start.wants(), 0u);
    ASSERT_GT(said.size(), 5u);
    EXPECT_EQ(said[0], 'E');
    EXPECT_EQ(said.substr(1, 3), std::string(3, '\0'));
    EXPECT_EQ(static_cast<std::size_t>(said[4]), said.size() - 1);
    EXPECT_TRUE(said.ends_with("\0\0"sv));
    EXPECT_NE(said.find("Mthis database"sv), std::string::npos);
}

TEST(tls_start_test, rules_that_do_not_fit_together_are_refused) {
    const auto fits = [](tls_start_rules r) { return check_tls_start(r).has_value(); };
    EXPECT_TRUE(fits({}));
    EXPECT_TRUE(fits({.ask = "ab", .answer = "y", .declined = {"cd"}, .decline = "n"}));
    EXPECT_FALSE(fits({.ask = "ab"}));
    EXPECT_FALSE(fits({.answer = "y"}));
    EXPECT_FALSE(fits({.ask = "ab", .answer = "y", .declined = {"abc"}, .decline = "n"}));
    EXPECT_FALSE(fits({.ask = "ab", .answer = "y", .declined = {"ab"}, .decline = "n"}));
    EXPECT_FALSE(fits({.ask = "ab", .answer = "y", .declined = {"cd"}}));
    EXPECT_FALSE(fits({.ask = std::string(65, 'a'), .answer = "y"}));
}

}  // namespace
}  // namespace gasper::runtime
