#include "core/base/crypto.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "core/base/files.hpp"
#include "core/base/log.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class crypto : public ::testing::Test {
 protected:
    void SetUp() override { init_crypto(); }
    test::temporary_directory dir;
};

TEST_F(crypto, encodes_as_others_do) {
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(base64("hello?>"), "aGVsbG8/Pg==");
    EXPECT_EQ(base64url("hello?>"), "aGVsbG8_Pg");
    EXPECT_EQ(*from_base64("aGVsbG8/Pg=="), "hello?>");
    for (const auto* bad : {"aGVsbG8", "a", "!!!!", "aGVsbG8/Pg==x"})
        EXPECT_FALSE(from_base64(bad)) << bad;
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(random_hex(8).size(), 16u);
    EXPECT_NE(random_bytes(16), random_bytes(16));
    EXPECT_TRUE(equal_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_constant_time("abc", "abcd"));
}

TEST_F(crypto, knows_a_password_by_its_hash_only) {
    const auto hash = hash_password("correct horse");
    EXPECT_TRUE(hash.starts_with("$argon2id$"));
    EXPECT_NE(hash, hash_password("correct horse"));
    EXPECT_TRUE(verify_password(hash, "correct horse"));
    EXPECT_FALSE(verify_password(hash, "correct horsf"));
    EXPECT_FALSE(verify_password(hash, ""));
    EXPECT_FALSE(verify_password("", "correct horse"));
    EXPECT_FALSE(verify_password("$argon2id$nonsense", "correct horse"));
}

TEST_F(crypto, a_sealed_value_opens_with_its_key_and_untouched_only) {
    const auto box = secret_box::open(dir / "secret.key").value();
    const auto other = secret_box::open(dir / "other.key").value();
    const auto sealed = box.seal("DATABASE_URL");
    EXPECT_EQ(sealed.find("DATABASE"), std::string::npos);
    EXPECT_NE(sealed, box.seal("DATABASE_URL"));
    EXPECT_EQ(*box.unseal(sealed), "DATABASE_URL");
    EXPECT_EQ(*box.unseal(box.seal("")), "");
    EXPECT_FALSE(other.unseal(sealed));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto bent = sealed;
        bent[i] = static_cast<char>(bent[i] ^ 1);
        EXPECT_FALSE(box.unseal(bent)) << i;
        EXPECT_FALSE(box.unseal(std::string_view(sealed).substr(0, i))) << i;
    }
}

TEST_F(crypto, a_key_file_is_made_once_and_kept) {
    const auto first = secret_box::open(dir / "secret.key").value();
    struct stat st {};
    ASSERT_EQ(::stat((dir / "secret.key").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0600u);
    EXPECT_EQ(st.st_size, 32);
    EXPECT_EQ(st.st_nlink, 1u) << "no draft is left";
    const auto again = secret_box::open(dir / "secret.key").value();
    EXPECT_EQ(*again.unseal(first.seal("x")), "x");
    EXPECT_EQ(first.derive("jwt"), again.derive("jwt"));
    EXPECT_NE(first.derive("jwt"), first.derive("cookies"));
    EXPECT_EQ(first.derive("jwt").size(), 32u);
}

TEST_F(crypto, two_that_make_the_key_at_once_get_the_same) {
    std::string a, b;
    {
        std::jthread one([&] { a = secret_box::open(dir / "secret.key").value().derive("x"); });
        std::jthread two([&] { b = secret_box::open(dir / "secret.key").value().derive("x"); });
    }
    EXPECT_EQ(a, b);
}

TEST_F(crypto, a_key_file_that_others_read_or_that_is_no_key_is_refused) {
    ASSERT_TRUE(replace_file(dir / "open.key", std::string(32, 'k'), 0644));
    EXPECT_NE(secret_box::open(dir / "open.key").error().message.find("chmod 600"), std::string::npos);
    ASSERT_TRUE(replace_file(dir / "short.key", "short"));
    EXPECT_FALSE(secret_box::open(dir / "short.key"));
    ASSERT_TRUE(replace_file(dir / "long.key", std::string(33, 'k')));
    EXPECT_FALSE(secret_box::open(dir / "long.key"));
    EXPECT_FALSE(secret_box::open(dir / "no" / "secret.key"));
    EXPECT_FALSE(secret_box::open(dir.path()));
}

TEST(log, writes_one_line_whatever_it_is_told) {
    ::testing::internal::CaptureStderr();
    {
        logger log("part");
        log.info("event", {{"plain", "value"},
                           {"number", 7},
                           {"empty", ""},
                           {"forged", "x\n2026 error part: event=\"y\"\r\x1b[0m\\"},
                           {"word", "two words"}});
        log.debug("not at this level");
    }
    const auto line = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_NE(line.find("part: event plain=value number=7 empty=\"\" "
                        "forged=\"x\\x0a2026 error part: event=\\\"y\\\"\\x0d\\x1b[0m\\\\\" word=\"two words\""),
              std::string::npos)
        << line;
}

TEST(files, are_replaced_whole_and_read_within_a_bound) {
    test::temporary_directory dir;
    const auto file = dir / "f";
    EXPECT_EQ(read_file(file, 10).error().kind, errc::not_found);
    ASSERT_TRUE(replace_file(file, "0123456789"));
    EXPECT_EQ(*read_file(file, 10), "0123456789");
    EXPECT_EQ(read_file(file, 9).error().kind, errc::too_large);
    ASSERT_TRUE(replace_file(file, "", 0640));
    EXPECT_EQ(*read_file(file, 10), "");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1) << "no temporary file is left";
    EXPECT_FALSE(replace_file(dir / "no" / "f", "x"));
    EXPECT_EQ(read_file(dir.path(), 10).error().kind, errc::invalid);
    ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(read_file(dir / "fifo", 10).error().kind, errc::invalid) << "and does not wait for a writer";
}

}  // namespace
}  // namespace gasper
