#include "mongodb/wire/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mongodb/bson/builder.hpp"
#include "mongodb/bson/reader.hpp"

namespace gasper::mongodb {
namespace {

using namespace std::string_literals;

std::string le(std::uint32_t value) {
    std::string out;
    for (int i = 0; i < 4; ++i)
        out += static_cast<char>(value >> (8 * i));
    return out;
}

std::string ping() {
    return bson_builder().add("ping", 1).add("$db", "app").finish();
}

std::string sequence(const std::string& field, const std::string& documents) {
    return "\1"s + le(static_cast<std::uint32_t>(4 + field.size() + 1 + documents.size())) + field + '\0' + documents;
}

/// A whole message of that opcode, and its parse.
struct exchange {
    explicit exchange(std::string payload, opcode op = opcode::message) : bytes(std::move(payload)) {
        bytes = le(static_cast<std::uint32_t>(bytes.size() + header_bytes)) + le(42) + le(0) +
                le(static_cast<std::uint32_t>(op)) + bytes;
        auto head = parse_header(std::string_view(bytes).substr(0, header_bytes), max_message_bytes);
        parsed =
            head ? parse_request(*head, std::string_view(bytes).substr(header_bytes)) : answer<request>(head.error());
    }
    std::string bytes;
    answer<request> parsed{command_error{}};
};

int refusal(const exchange& e) {
    return e.parsed ? 0 : e.parsed.error().number;
}

TEST(message, takes_a_command) {
    const exchange e(le(0) + '\0' + ping());
    ASSERT_TRUE(e.parsed);
    EXPECT_EQ(e.parsed->id, 42);
    EXPECT_EQ(e.parsed->database, "app");
    EXPECT_EQ(e.parsed->command, ping());
    EXPECT_TRUE(e.parsed->wants_reply);
    EXPECT_FALSE(e.parsed->legacy);
}

TEST(message, takes_document_sequences_in_any_place) {
    const auto one = bson_builder().add("_id", 1).finish();
    const exchange e(le(2) + sequence("documents", one + one) + '\0' + ping());
    ASSERT_TRUE(e.parsed);
    ASSERT_EQ(e.parsed->sequences.size(), 1u);
    EXPECT_EQ(e.parsed->sequences[0].field, "documents");
    EXPECT_EQ(e.parsed->sequences[0].count, 2u);
    EXPECT_EQ(e.parsed->sequences[0].documents, one + one);
    EXPECT_FALSE(e.parsed->wants_reply);
}

TEST(message, takes_the_first_hello_of_older_drivers) {
    const auto hello = bson_builder().add("ismaster", 1).finish();
    const exchange e(le(0) + "admin.$cmd\0"s + le(0) + le(0xFFFFFFFF) + hello, opcode::query);
    ASSERT_TRUE(e.parsed);
    EXPECT_TRUE(e.parsed->legacy);
    EXPECT_EQ(e.parsed->database, "admin");
    EXPECT_EQ(e.parsed->command, hello);
    EXPECT_EQ(refusal(exchange(le(0) + "app.things\0"s + le(0) + le(1) + hello, opcode::query)),
              unsupported_op_query_command);
}

TEST(message, verifies_a_checksum_that_is_there) {
    EXPECT_EQ(crc32c("123456789"), 0xE3069283u);  // RFC 3720 and every table of CRCs
    EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xE3069283u);
    const auto payload = le(1) + '\0' + ping();
    const auto head = le(static_cast<std::uint32_t>(payload.size() + 4 + header_bytes)) + le(42) + le(0) + le(2013);
    EXPECT_TRUE(exchange(payload + le(crc32c(head + payload))).parsed);
    EXPECT_EQ(refusal(exchange(payload + le(crc32c(head + payload) + 1))), protocol_error);
}

TEST(message, refuses_headers_that_cannot_be) {
    const auto head = [](std::uint32_t length, std::uint32_t op) {
        return parse_header(le(length) + le(1) + le(0) + le(op), 1000);
    };
    EXPECT_TRUE(head(1000, 2013));
    EXPECT_FALSE(head(1001, 2013));
    EXPECT_FALSE(head(16, 2013));
    EXPECT_FALSE(head(0, 2013));
    EXPECT_FALSE(head(0xFFFFFFFF, 2013));
    EXPECT_FALSE(head(100, 2001));
    const auto compressed = head(100, 2012);
    ASSERT_FALSE(compressed);
    EXPECT_THAT(compressed.error().message, ::testing::HasSubstr("compression"));
}

TEST(message, refuses_what_is_malformed) {
    const auto body = '\0' + ping();
    EXPECT_EQ(refusal(exchange(""s + "x")), protocol_error);
    EXPECT_EQ(refusal(exchange(le(0))), protocol_error) << "no body";
    EXPECT_EQ(refusal(exchange(le(4) + body)), protocol_error) << "an unknown flag";
    EXPECT_TRUE(exchange(le(1U << 16) + body).parsed) << "exhaustAllowed may be ignored";
    EXPECT_EQ(refusal(exchange(le(0) + body + body)), protocol_error) << "two bodies";
    EXPECT_EQ(refusal(exchange(le(0) + '\2' + ping())), protocol_error) << "an unknown section";
    EXPECT_EQ(refusal(exchange(le(0) + body + "\1\xFF\xFF\xFF\xFFx\0"s)), protocol_error);
    EXPECT_EQ(refusal(exchange(le(0) + body + sequence("", ""))), protocol_error);
    EXPECT_EQ(refusal(exchange(le(0) + body + sequence("a", "\x05\0\0\0"s))), protocol_error);
    EXPECT_EQ(refusal(exchange(le(0) + body + sequence("a", "") + sequence("a", ""))), protocol_error);
    EXPECT_EQ(refusal(exchange(le(0) + body + sequence("ping", ""))), protocol_error) << "repeats a field of the body";
    EXPECT_EQ(refusal(exchange(le(0) + '\0' + bson_builder().add("ping", 1).finish())), 40571) << "no $db";
}

TEST(message, refuses_every_message_that_is_cut_short) {
    const auto whole = le(0) + sequence("documents", ping()) + '\0' + ping();
    ASSERT_TRUE(exchange(whole).parsed);
    for (std::size_t n = 1; n < whole.size(); ++n)
        EXPECT_FALSE(exchange(whole.substr(0, n)).parsed) << n;
}

TEST(message, refuses_batches_without_end) {
    std::string documents;
    for (std::size_t i = 0; i <= max_batch_documents; ++i)
        documents += "\x05\0\0\0\0"s;
    EXPECT_EQ(refusal(exchange(le(0) + '\0' + ping() + sequence("documents", documents))), invalid_length);
}

TEST(message, answers_in_the_form_of_the_question) {
    const auto ok = bson_builder().add("ok", 1.0).finish();
    request to;
    to.id = 7;
    const auto modern = encode_reply(9, to, ok);
    EXPECT_EQ(modern, le(static_cast<std::uint32_t>(modern.size())) + le(9) + le(7) + le(2013) + le(0) + '\0' + ok);
    to.legacy = true;
    const auto old = encode_reply(9, to, ok);
    EXPECT_EQ(old, le(static_cast<std::uint32_t>(old.size())) + le(9) + le(7) + le(1) + le(8) + le(0) + le(0) + le(0) +
                       le(1) + ok);
}

}  // namespace
}  // namespace gasper::mongodb
