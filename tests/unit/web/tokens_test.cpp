#include "web/tokens.hpp"

#include <gtest/gtest.h>

#include <jwt/jwt.hpp>

#include "core/base/crypto.hpp"

namespace gasper::web {
namespace {

using namespace std::chrono_literals;

const std::string key(32, 'k');

std::string refusal_of(const tokens& t, std::string_view text) {
    const auto who = t.verify(text);
    return who ? "" : who.error().code;
}

std::string forged(const char* header, const char* payload, std::string_view signature) {
    return base64url(header) + "." + base64url(payload) + "." + std::string(signature);
}

TEST(tokens_test, knows_whom_it_was_issued_for) {
    const tokens t(key, 1h);
    const auto token = t.issue(user_id{42});
    EXPECT_EQ(t.verify(token.text).value(), user_id{42});
    EXPECT_GT(token.expires, now() + 59min);
}

TEST(tokens_test, outlives_a_clock_that_was_a_day_ahead_and_was_put_right) {
    const tokens t(key, 1h);
    EXPECT_EQ(t.verify(t.issue(user_id{42}, now() + 24h).text).value(), user_id{42});
}

TEST(tokens_test, refuses_an_expired_token) {
    const tokens t(key, 1h);
    EXPECT_EQ(refusal_of(t, t.issue(user_id{1}, now() - 2h).text), "token_expired");
}

TEST(tokens_test, refuses_the_algorithm_none) {
    const tokens t(key, 1h);
    const char* payload = R"({"iss":"gasper","sub":"1","exp":99999999999})";
    for (const char* alg : {"none", "None", "NONE"}) {
        const auto header = std::string(R"({"alg":")") + alg + R"(","typ":"JWT"})";
        EXPECT_EQ(refusal_of(t, forged(header.c_str(), payload, "")), "token_invalid");
        EXPECT_EQ(refusal_of(t, forged(header.c_str(), payload, "AAAA")), "token_invalid");
    }
}

TEST(tokens_test, refuses_another_algorithm_with_the_right_key) {
    jwt::jwt_object other{jwt::params::algorithm("HS512"), jwt::params::secret(base64url(key))};
    other.add_claim("iss", "gasper").add_claim("sub", "1").add_claim("exp", std::chrono::system_clock::now() + 1h);
    EXPECT_EQ(refusal_of(tokens(key, 1h), other.signature()), "token_invalid");
}

TEST(tokens_test, refuses_another_key) {
    const tokens t(key, 1h), other(std::string(32, 'x'), 1h);
    EXPECT_EQ(refusal_of(t, other.issue(user_id{1}).text), "token_invalid");
}

TEST(tokens_test, refuses_a_token_with_any_byte_changed) {
    const tokens t(key, 1h);
    const auto good = t.issue(user_id{1}).text;
    // The last characters hold bits that base64 does not use: all but them.
    for (std::size_t i = 0; i + 1 < good.size(); ++i) {
        auto bad = good;
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(t.verify(bad)) << i;
    }
}

TEST(tokens_test, refuses_a_token_without_end_subject_or_issuer) {
    const auto sign = [](auto fill) {
        jwt::jwt_object token{jwt::params::algorithm("HS256"), jwt::params::secret(base64url(key))};
        fill(token);
        return token.signature();
    };
    const auto later = std::chrono::system_clock::now() + 1h;
    const tokens t(key, 1h);
    EXPECT_EQ(refusal_of(t, sign([&](auto& o) { o.add_claim("iss", "gasper").add_claim("sub", "1"); })),
              "token_invalid");
    EXPECT_EQ(refusal_of(t, sign([&](auto& o) { o.add_claim("iss", "gasper").add_claim("exp", later); })),
              "token_invalid");
    EXPECT_EQ(refusal_of(t, sign([&](auto& o) { o.add_claim("sub", "1").add_claim("exp", later); })), "token_invalid");
    EXPECT_EQ(refusal_of(t, sign([&](auto& o) {
                             o.add_claim("iss", "gasper").add_claim("sub", "1x").add_claim("exp", later);
                         })),
              "token_invalid");
    EXPECT_EQ(
        refusal_of(t, sign([&](auto& o) { o.add_claim("iss", "gasper").add_claim("sub", 1).add_claim("exp", later); })),
        "token_invalid");
}

TEST(tokens_test, refuses_nonsense) {
    const tokens t(key, 1h);
    for (const std::string& bad :
         {std::string(), std::string("."), std::string(".."), std::string("a.b.c"), std::string("a..c"),
          std::string("eyJ9.eyJ9.x"), std::string(5000, 'a'), std::string("a.b.c\0", 6), forged("{}", "{}", "AAAA"),
          forged("[]", "[]", "AAAA"), forged("1", "1", "AAAA"), forged(R"({"alg":1})", "{}", "AAAA"),
          forged(R"({"alg":"HS256"})", "\"x\"", "AAAA"), forged(R"({"alg":"HS256","typ":7})", "{}", "AAAA")})
        EXPECT_EQ(refusal_of(t, bad), "token_invalid") << bad;
}

}  // namespace
}  // namespace gasper::web
