#include "mongodb/scram/conversation.hpp"

#include <gtest/gtest.h>

#include "core/base/crypto.hpp"

namespace gasper::mongodb {
namespace {

// RFC 7677 §3: user "user", password "pencil". The keys are derived here from the RFC's salt and count.
constexpr auto rfc_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr auto rfc_server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr auto rfc_final =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

std::string salted_password(std::string_view password, const std::string& salt, int iterations) {
    auto u = hmac_sha256(password, salt + std::string("\0\0\0\1", 4));
    auto out = u;
    for (int i = 1; i < iterations; ++i) {
        u = hmac_sha256(password, u);
        for (std::size_t k = 0; k < out.size(); ++k)
            out[k] = static_cast<char>(out[k] ^ u[k]);
    }
    return out;
}

scram_verifier verifier_of(std::string_view password) {
    scram_verifier out;
    out.iterations = 4096;
    out.salt = *from_base64("W22ZaJ0SNY7soEsUEjb6gQ==");
    const auto salted = salted_password(password, out.salt, 4096);
    out.stored_key = sha256(hmac_sha256(salted, "Client Key"));
    out.server_key = hmac_sha256(salted, "Server Key");
    return out;
}

scram_conversation rfc_conversation(std::string_view first = rfc_first) {
    return {*parse_client_first(first), verifier_of("pencil"), rfc_server_nonce};
}

struct scram : ::testing::Test {
    scram() { init_crypto(); }
};

TEST_F(scram, holds_the_conversation_of_rfc_7677) {
    const auto c = rfc_conversation();
    EXPECT_EQ(c.server_first(),
              "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    const auto last = c.finish(rfc_final);
    ASSERT_TRUE(last) << last.error().message;
    EXPECT_EQ(*last, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST_F(scram, refuses_every_proof_with_one_bit_wrong) {
    const auto c = rfc_conversation();
    const std::string final = rfc_final;
    const auto at = final.rfind("p=") + 2;
    auto proof = *from_base64(final.substr(at));
    for (std::size_t bit = 0; bit < proof.size() * 8; ++bit) {
        auto wrong = proof;
        wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << (bit % 8)));
        const auto refused = c.finish(final.substr(0, at) + base64(wrong));
        ASSERT_FALSE(refused) << bit;
        EXPECT_EQ(refused.error().number, authentication_failed);
    }
}

TEST_F(scram, refuses_a_final_message_of_another_conversation) {
    const scram_conversation other(*parse_client_first(rfc_first), verifier_of("pencil"), "another-nonce-of-24-chars");
    EXPECT_FALSE(other.finish(rfc_final));
    const scram_conversation password(*parse_client_first(rfc_first), verifier_of("pen"), rfc_server_nonce);
    EXPECT_FALSE(password.finish(rfc_final));
    EXPECT_FALSE(rfc_conversation("y,,n=user,r=rOprNGfwEbeRWgbNEkqO").finish(rfc_final)) << "the header is covered";
}

TEST_F(scram, refuses_malformed_messages) {
    for (const auto* first :
         {"", "n,,", "n,,n=user", "n,,n=,r=rOprNGfwEbeRWgbNEkqO", "n,,n=us=er,r=rOprNGfwEbeRWgbNEkqO",
          "n,,n=user,r=short", "n,a=root,n=user,r=rOprNGfwEbeRWgbNEkqO", "n,,m=x,n=user,r=rOprNGfwEbeRWgbNEkqO",
          "p=tls-unique,,n=user,r=rOprNGfwEbeRWgbNEkqO", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO,x=1",
          "n,,n=\xFF,r=rOprNGfwEbeRWgbNEkqO", "n,,n=user,r=with space and more"})
        EXPECT_FALSE(parse_client_first(first)) << first;
    EXPECT_FALSE(parse_client_first("n,,n=user,r=" + std::string(5000, 'x')));
    const auto c = rfc_conversation();
    for (const auto* final : {"", "c=biws", "c=biws,r=x,p=", "c=biws,r=x,p=!!!!",
                              "r=x,c=biws,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                              "c=!,r=x,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="})
        EXPECT_FALSE(c.finish(final)) << final;
}

TEST_F(scram, decodes_names) {
    EXPECT_EQ(parse_client_first("n,,n=a=2Cb=3Dc,r=rOprNGfwEbeRWgbNEkqO")->user, "a,b=c");
    EXPECT_FALSE(parse_client_first("n,,n=a=2cb,r=rOprNGfwEbeRWgbNEkqO"));
}

TEST_F(scram, reads_the_verifier_of_postgresql) {
    const auto v = parse_verifier(
        "SCRAM-SHA-256$4096:eY5SBvBCanp9zmFXBxHdbQ==$SzSAO78qF/SWfz/gOKcSlFjujs99bHlQldEQPp3kxvY=:"
        "cJcN6r16q77346vNN+5SUN8yb7JnD1aMTEzAMMS7H9U=");  // made by PostgreSQL 18 of "abc"
    ASSERT_TRUE(v);
    const auto salted = salted_password("abc", v->salt, 4096);
    EXPECT_EQ(v->stored_key, sha256(hmac_sha256(salted, "Client Key")));
    EXPECT_EQ(v->server_key, hmac_sha256(salted, "Server Key"));
    for (const auto* bad : {"", "md5900150983cd24fb0d6963f7d28e17f72", "SCRAM-SHA-256$", "SCRAM-SHA-256$4096:eY5S$x:y",
                            "SCRAM-SHA-256$x:eY5S$SzSAO78qF/SWfz/gOKcSlFjujs99bHlQldEQPp3kxvY=:eY5S"})
        EXPECT_FALSE(parse_verifier(bad)) << bad;
}

TEST_F(scram, asks_unknown_users_as_it_asks_known_ones) {
    const auto once = decoy_verifier("nobody", "secret"), again = decoy_verifier("nobody", "secret");
    EXPECT_EQ(once.salt, again.salt);
    EXPECT_EQ(once.salt.size(), 16u);
    EXPECT_EQ(once.iterations, 4096u);
    EXPECT_NE(once.salt, decoy_verifier("somebody", "secret").salt);
    EXPECT_NE(once.salt, decoy_verifier("nobody", "other").salt);
    EXPECT_NE(once.stored_key, again.stored_key) << "no password fits it";
}

}  // namespace
}  // namespace gasper::mongodb
