#include "mongodb/commands/fields.hpp"

#include <gtest/gtest.h>

#include "mongodb/bson/builder.hpp"
#include "mongodb/bson/reader.hpp"
#include "mongodb/postgres/errors.hpp"
#include "mongodb/postgres/protocol.hpp"
#include "mongodb/server/cursors.hpp"

namespace gasper::mongodb {
namespace {

using namespace std::string_literals;

std::string one(std::int32_t n) {
    return bson_builder().add("n", n).finish();
}

TEST(fields, pass_on_what_concerns_the_database_alone) {
    const auto command = bson_builder()
                             .add("find", "things")
                             .add("$db", "app")
                             .add("txnNumber", std::int64_t{1})
                             .add("limit", 3)
                             .add("maxTimeMS", 50)
                             .finish();
    request r;
    r.command = command;
    EXPECT_EQ(specification(r), bson_builder().add("find", "things").add("limit", 3).finish());
    EXPECT_EQ(command_name(command), "find");
    EXPECT_EQ(time_limit(command), std::chrono::milliseconds(50));
}

TEST(fields, put_sequences_back_as_arrays_but_the_one_that_travels_apart) {
    const auto command = bson_builder().add("insert", "things").finish(), both = one(1) + one(2);
    request r;
    r.command = command;
    r.sequences.push_back({"documents", both, 2});
    const auto whole = specification(r);
    const auto array = find_element(whole, "documents")->as_document();
    ASSERT_TRUE(array);
    EXPECT_EQ(find_element(*array, "1")->as_document(), one(2));
    EXPECT_TRUE(check_document(whole, max_command_bytes));
    EXPECT_EQ(specification(r, "documents"), command);
    EXPECT_EQ(sequence_of(r, "documents"), both);
    EXPECT_EQ(sequence_of(r, "updates"), std::nullopt);
}

TEST(fields, refuse_transactions_and_retryable_writes_with_the_reason) {
    const auto number = [](const std::string& command) {
        const auto refused = refuse_transactions(command);
        return refused ? 0 : refused.error().number;
    };
    EXPECT_EQ(number(bson_builder().add("insert", "a").finish()), 0);
    EXPECT_EQ(number(bson_builder().add("insert", "a").add("txnNumber", std::int64_t{1}).finish()), illegal_operation);
    EXPECT_EQ(number(bson_builder().add("insert", "a").add("autocommit", false).finish()),
              operation_not_supported_in_transaction);
    EXPECT_EQ(number(bson_builder().add("find", "a").add("startTransaction", true).finish()),
              operation_not_supported_in_transaction);
}

TEST(database_errors, become_mongodbs_numbers) {
    EXPECT_EQ(number_of("M001C"), duplicate_key);
    EXPECT_EQ(number_of("42501"), unauthorized);
    EXPECT_EQ(number_of("M00ZZ"), unknown_error);
    EXPECT_EQ(number_of("XX000"), internal_error);
    EXPECT_EQ(unpack_sqlstate(319029277), "M001C");  // as DocumentDB 1.0 sent it for a duplicate key
    const auto e = parse_error("SERROR\0C42501\0Mpermission denied\0\0"s);
    EXPECT_EQ(e.sqlstate, "42501");
    EXPECT_EQ(e.message, "permission denied");
}

TEST(database_errors, are_translated_inside_the_results_of_writes) {
    auto document = bson_builder()
                        .add("n", 0)
                        .begin_array("writeErrors")
                        .begin_document("0")
                        .add("index", 0)
                        .add("code", 319029277)
                        .add("errmsg", "duplicate")
                        .end()
                        .end()
                        .add("ok", 1.0)
                        .finish();
    translate_write_errors(document);
    ASSERT_TRUE(check_document(document, max_document_bytes));
    const auto errors = find_element(document, "writeErrors")->as_document();
    EXPECT_EQ(find_element(*find_element(*errors, "0")->as_document(), "code")->as_integer(), duplicate_key);
}

TEST(backend_stream, cuts_messages_wherever_they_are_split) {
    const auto bytes = "D\0\0\0\x0f\0\x02\0\0\0\x01x\xff\xff\xff\xffZ\0\0\0\x05I"s;
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        backend_stream stream;
        std::string types;
        const auto drain = [&] {
            for (;;) {
                const auto message = stream.next();
                ASSERT_TRUE(message);
                if (!*message) return;
                types += (*message)->type;
                if ((*message)->type != 'D') continue;
                const auto row = parse_row((*message)->body);
                ASSERT_TRUE(row);
                EXPECT_EQ(*row, (sql_row{"x", std::nullopt}));
            }
        };
        stream.add(bytes.substr(0, cut));
        drain();
        stream.add(bytes.substr(cut));
        drain();
        EXPECT_EQ(types, "DZ") << cut;
    }
}

TEST(backend_stream, refuses_lengths_that_cannot_be) {
    for (const auto& bytes : {"D\0\0\0\x03"s, "D\xff\xff\xff\xff"s}) {
        backend_stream stream;
        stream.add(bytes);
        EXPECT_FALSE(stream.next());
    }
    for (const auto& row : {""s, "\0\x01"s, "\0\x01\0\0\0\x05x"s, "\0\x02\xff\xff\xff\xff"s})
        EXPECT_FALSE(parse_row(row));
}

struct cursors : ::testing::Test {
    cursor_store::clock::time_point now{std::chrono::hours(1)};
    cursor_store store{{2, 1000, std::chrono::seconds(60)}};
};

TEST_F(cursors, belong_to_one_user_and_one_collection_and_are_busy_once) {
    store.open(7, "anna", "app.a", "first", now);
    EXPECT_EQ(store.use(7, "bert", "app.a").error().number, cursor_not_found);
    EXPECT_EQ(store.use(7, "anna", "app.b").error().number, unauthorized);
    EXPECT_EQ(*store.use(7, "anna", "app.a"), "first");
    EXPECT_EQ(store.use(7, "anna", "app.a").error().number, cursor_in_use);
    store.advance(7, "second", now);
    EXPECT_EQ(*store.use(7, "anna", "app.a"), "second");
    store.release(7, now);
    EXPECT_EQ(*store.use(7, "anna", "app.a"), "second");
    EXPECT_FALSE(store.kill(7, "bert"));
    EXPECT_TRUE(store.kill(7, "anna"));
    store.advance(7, "third", now);
    EXPECT_EQ(store.size(), 0u);
}

TEST_F(cursors, give_way_when_they_are_too_many_or_too_large_but_not_while_busy) {
    EXPECT_TRUE(store.open(1, "anna", "app.a", "x", now).empty());
    EXPECT_TRUE(store.open(2, "anna", "app.a", "x", now).empty());
    ASSERT_TRUE(store.use(1, "anna", "app.a"));
    EXPECT_EQ(store.open(3, "anna", "app.a", "x", now), std::vector<std::int64_t>{2});
    store.advance(1, "x", now);
    EXPECT_EQ(store.open(4, "anna", "app.a", std::string(1000, 'x'), now), (std::vector<std::int64_t>{3, 1}));
}

TEST_F(cursors, are_forgotten_when_idle) {
    store.open(1, "anna", "app.a", "x", now);
    store.open(2, "anna", "app.a", "x", now + std::chrono::seconds(30));
    EXPECT_EQ(store.expire(now + std::chrono::seconds(61)), std::vector<std::int64_t>{1});
    EXPECT_EQ(store.size(), 1u);
}

}  // namespace
}  // namespace gasper::mongodb
