#include "control/public_key.hpp"

#include <gtest/gtest.h>

#include "core/base/crypto.hpp"

namespace gasper::control {
namespace {

std::string wire(std::string_view value) {
    std::string out(4, '\0');
    for (int i = 0; i < 4; ++i)
        out[static_cast<std::size_t>(i)] = static_cast<char>(value.size() >> (24 - 8 * i));
    return out + std::string(value);
}

std::string line_of(const std::string& type, const std::string& blob, const std::string& comment = "me@host") {
    return type + " " + base64(blob) + " " + comment;
}

const std::string ed25519 = line_of("ssh-ed25519", wire("ssh-ed25519") + wire(std::string(32, 'k')));

TEST(public_key, reads_type_comment_and_fingerprint) {
    const auto key = parse_public_key(ed25519 + "\n");
    ASSERT_TRUE(key);
    EXPECT_EQ(key->type, "ssh-ed25519");
    EXPECT_EQ(key->comment, "me@host");
    EXPECT_EQ(key->fingerprint.size(), 7u + 43u);
    EXPECT_TRUE(key->fingerprint.starts_with("SHA256:"));
}

TEST(public_key, refuses_a_private_key_and_says_which_file_to_send) {
    const auto key = parse_public_key("-----BEGIN OPENSSH PRIVATE KEY-----");
    ASSERT_FALSE(key);
    EXPECT_NE(key.error().message.find(".pub"), std::string::npos);
}

TEST(public_key, refuses_dsa_junk_several_lines_and_nothing) {
    for (const std::string text : {"ssh-dss AAAA", "hello", "", "ssh-ed25519", "ssh-ed25519 !!!!"})
        EXPECT_FALSE(parse_public_key(text)) << text;
    EXPECT_FALSE(parse_public_key(ed25519 + "\n" + ed25519));
}

TEST(public_key, refuses_a_blob_of_another_type) {
    EXPECT_FALSE(parse_public_key(line_of("ssh-ed25519", wire("ssh-rsa") + wire("x"))));
}

TEST(public_key, refuses_a_blob_that_is_cut_short) {
    const auto blob = wire("ssh-ed25519") + wire(std::string(32, 'k'));
    for (std::size_t n = 0; n + 1 < blob.size(); n += 3)
        EXPECT_FALSE(parse_public_key(line_of("ssh-ed25519", blob.substr(0, n)))) << n;
}

TEST(public_key, refuses_short_rsa_and_takes_2048_bits) {
    const auto rsa = [](std::size_t bytes) {
        return line_of("ssh-rsa",
                       wire("ssh-rsa") + wire("\x01\x00\x01") + wire(std::string(1, '\0') + std::string(bytes, 'n')));
    };
    EXPECT_FALSE(parse_public_key(rsa(128)));
    EXPECT_TRUE(parse_public_key(rsa(256)));
}

}  // namespace
}  // namespace gasper::control
