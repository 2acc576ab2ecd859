#include <gtest/gtest.h>

#include <random>

#include "core/backups/stream.hpp"
#include "core/base/crypto.hpp"

namespace gasper {
namespace {

const std::string key(32, 'k');

const backup_header blue{"postgres", "blue", "15.14", std::chrono::sys_seconds(std::chrono::seconds(1'790'000'000))};

// Half of it compresses, half does not.
std::string dump_of(std::size_t size, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::string out(size, 'a');
    for (std::size_t i = 0; i < size; ++i)
        if (i / 4096 % 2 == 0) out[i] = static_cast<char>(random());
    return out;
}

std::string backup_of(const std::string& dump, std::size_t piece = 100'000, const std::string& with = key) {
    backup_writer writer(blue, with);
    std::string out;
    for (std::size_t i = 0; i < dump.size(); i += piece)
        writer.put(std::string_view(dump).substr(i, piece), out);
    writer.finish(out);
    return out;
}

struct outcome {
    std::string dump;
    std::optional<error> refused;
    std::optional<backup_header> header;
    bool proved{false};
    std::size_t largest{0};
};

outcome read_back(const std::string& bytes, std::size_t piece = 70'000, const std::string& with = key) {
    backup_reader reader(with);
    outcome o;
    const auto give_out = [&] {
        for (;;) {
            auto got = reader.take();
            if (!got) o.refused = got.error();
            if (!got || got->empty()) return;
            o.largest = std::max(o.largest, got->size());
            o.dump += *got;
        }
    };
    for (std::size_t i = 0; i < bytes.size() && !o.refused; i += piece) {
        reader.put(std::string_view(bytes).substr(i, piece));
        give_out();
    }
    o.header = reader.header();
    o.proved = reader.proved();
    if (auto end = reader.finish(); !end) o.refused = end.error();
    return o;
}

// Of the first format, with `key`; "a dump of the first format" is in it.
const std::string of_first_format =
    "47415350424b50311c00803bb16a0000000008706f73746772657304626c75650531352e313482ae6cfc5ad25772fd2c0d8a"
    "8ef9faf04aef94b83147032234000000886c43d1f71ecafc2eefdb759c4f475804a53d38ac3cd29f64b90b23aea83b1405f3"
    "d8413183ecf86951a1c98e86f1792004de593900000005bb00f4c1d7058c0258e9add1c166b6b85ca05abcb1dd4d8c8fabc8"
    "f51697b347d2da90696556d14be8e934f51b71ebf8203be7ad821beefa";

std::string bytes_of(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return bytes;
}

class backup_stream_test : public testing::Test {
 protected:
    void SetUp() override { init_crypto(); }
};

TEST_F(backup_stream_test, gives_back_what_was_put_in_whatever_the_pieces) {
    for (const std::size_t size : {0u, 1u, 4096u, 131'072u, 131'073u, 3'000'000u}) {
        const auto dump = dump_of(size);
        const auto bytes = backup_of(dump);
        for (const std::size_t piece : {std::size_t{7}, std::size_t{65'536}, bytes.size()}) {
            if (piece < 100 && size > 200'000) continue;
            const auto back = read_back(bytes, piece);
            ASSERT_FALSE(back.refused) << back.refused->message;
            EXPECT_EQ(back.dump, dump);
            EXPECT_EQ(back.header, blue);
        }
    }
}

TEST_F(backup_stream_test, compresses_and_says_nothing_in_plain) {
    const std::string dump(2'000'000, 'x');
    const auto bytes = backup_of(dump);
    EXPECT_LT(bytes.size(), 2000u);
    const std::string secret = "a row that nobody may read in the backup";
    EXPECT_EQ(backup_of(secret).find("nobody may read"), std::string::npos);
    EXPECT_NE(backup_of(secret), backup_of(secret)) << "each has a nonce of its own";
}

TEST_F(backup_stream_test, gives_out_what_grows_a_thousandfold_in_bounded_pieces) {
    const auto back = read_back(backup_of(std::string(64 << 20, '\0')));
    ASSERT_FALSE(back.refused);
    EXPECT_EQ(back.dump.size(), 64u << 20);
    EXPECT_LE(back.largest, backup_limits::piece);
}

TEST_F(backup_stream_test, refuses_every_truncation_and_holds_the_end_back) {
    const auto dump = dump_of(600'000);
    const auto bytes = backup_of(dump);
    for (std::size_t cut = 0; cut < bytes.size(); cut += cut < 300 || cut + 300 > bytes.size() ? 1 : 9973) {
        const auto back = read_back(bytes.substr(0, cut));
        ASSERT_TRUE(back.refused) << cut;
        EXPECT_TRUE(back.refused->code == "backup_truncated" || back.refused->code == "not_a_backup") << cut;
        EXPECT_LT(back.dump.size(), dump.size()) << cut;
    }
}

TEST_F(backup_stream_test, refuses_every_changed_byte_and_never_gives_out_another_dump) {
    const auto dump = dump_of(300'000);
    const auto bytes = backup_of(dump);
    for (std::size_t at = 0; at < bytes.size(); at += at < 200 || at + 200 > bytes.size() ? 1 : 4999) {
        auto changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ 0x20);
        const auto back = read_back(changed);
        ASSERT_TRUE(back.refused) << at;
        EXPECT_EQ(back.refused->kind, errc::invalid);
        EXPECT_LT(back.dump.size(), dump.size()) << at;
        EXPECT_EQ(back.dump, dump.substr(0, back.dump.size())) << at;
    }
}

TEST_F(backup_stream_test, reads_a_backup_of_the_first_format_and_its_proofs) {
    const auto bytes = bytes_of(of_first_format);
    const auto back = read_back(bytes);
    ASSERT_FALSE(back.refused) << back.refused->message;
    EXPECT_EQ(back.dump, "a dump of the first format");
    EXPECT_EQ(back.header, blue);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        const auto bad = read_back(changed);
        EXPECT_TRUE(bad.refused && bad.dump.empty()) << at;
        EXPECT_TRUE(read_back(bytes.substr(0, at)).refused) << at;
    }
}

TEST_F(backup_stream_test, neither_format_passes_for_the_other) {
    auto old_as_new = bytes_of(of_first_format), new_as_old = backup_of("a dump of today");
    old_as_new[7] = '2';
    new_as_old[7] = '1';
    EXPECT_EQ(read_back(old_as_new).refused->code, "backup_key");
    EXPECT_EQ(read_back(new_as_old).refused->code, "backup_key");
}

TEST_F(backup_stream_test, refuses_frames_in_another_order_or_left_out) {
    const auto bytes = backup_of(dump_of(2'000'000));
    const auto frame = backup_limits::frame + 17 + 4;
    // The fields of `blue` with the bytes before and behind them.
    const auto begin = 7 + 1 + 2 + 8 + (1 + 8) + (1 + 4) + (1 + 5) + 24;
    ASSERT_GT(bytes.size(), begin + 4 * frame);
    const auto without = bytes.substr(0, begin + frame) + bytes.substr(begin + 2 * frame);
    EXPECT_EQ(read_back(without).refused->code, "backup_damaged");
    const auto swapped = bytes.substr(0, begin + frame) + bytes.substr(begin + 2 * frame, frame) +
                         bytes.substr(begin + frame, frame) + bytes.substr(begin + 3 * frame);
    EXPECT_EQ(read_back(swapped).refused->code, "backup_damaged");
}

TEST_F(backup_stream_test, refuses_another_key_and_a_forged_header_before_anything_comes_out) {
    const auto bytes = backup_of(dump_of(400'000));
    const auto other = read_back(bytes, 70'000, std::string(32, 'o'));
    EXPECT_EQ(other.refused->code, "backup_key");
    EXPECT_FALSE(other.proved);
    EXPECT_TRUE(other.dump.empty());
    auto forged = bytes;
    forged.replace(forged.find("postgres"), 8, "mongodbs");
    const auto back = read_back(forged);
    EXPECT_EQ(back.refused->code, "backup_key");
    EXPECT_TRUE(back.dump.empty());
}

TEST_F(backup_stream_test, refuses_what_is_no_backup_what_is_newer_and_what_follows_the_end) {
    EXPECT_EQ(read_back("PGDMP and so on").refused->code, "not_a_backup");
    EXPECT_EQ(read_back("").refused->code, "not_a_backup");
    auto newer = backup_of("x");
    newer[7] = '3';
    EXPECT_EQ(read_back(newer).refused->code, "backup_format");
    const auto bytes = backup_of(dump_of(5000));
    EXPECT_EQ(read_back(bytes + "x").refused->code, "backup_damaged");
    EXPECT_EQ(read_back(bytes + bytes, bytes.size()).refused->code, "backup_damaged");
}

}  // namespace
}  // namespace gasper
