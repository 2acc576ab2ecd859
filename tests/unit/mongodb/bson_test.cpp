#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mongodb/bson/builder.hpp"
#include "mongodb/bson/reader.hpp"
#include "mongodb/bson/utf8.hpp"
#include "tests/support/bson_text.hpp"

namespace gasper::mongodb {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;

answer<> check(const std::string& document) {
    return check_document(document, max_document_bytes);
}

/// A document with one element of `type` named "a", whose value is `value`.
std::string with(char type, const std::string& value) {
    std::string out(4, '\0');
    out += type;
    out += "a\0"s + value + '\0';
    for (std::size_t i = 0; i < 4; ++i)
        out[i] = static_cast<char>(out.size() >> (8 * i));
    return out;
}

TEST(bson, writes_what_the_specification_shows) {
    EXPECT_EQ(bson_builder().add("hello", "world").finish(),
              "\x16\0\0\0\x02hello\0\x06\0\0\0world\0\0"s);  // bsonspec.org, first example
}

TEST(bson, reads_back_what_it_wrote) {
    const auto document = bson_builder()
                              .add("d", 1.5)
                              .add("i", std::int32_t{-7})
                              .add("l", std::int64_t{1} << 40)
                              .add("t", true)
                              .add("s", "text")
                              .add_null("n")
                              .add_binary("b", "a\0b"s)
                              .begin_array("v")
                              .add("0", std::int32_t{1})
                              .end()
                              .finish();
    ASSERT_TRUE(check(document));
    EXPECT_EQ(find_element(document, "i")->as_integer(), -7);
    EXPECT_EQ(find_element(document, "l")->as_integer(), std::int64_t{1} << 40);
    EXPECT_EQ(find_element(document, "d")->as_integer(), std::nullopt);
    EXPECT_EQ(find_element(document, "d")->as_flag(), true);
    EXPECT_EQ(find_element(document, "t")->as_flag(), true);
    EXPECT_EQ(find_element(document, "s")->as_string(), "text");
    EXPECT_EQ(find_element(document, "s")->as_integer(), std::nullopt);
    EXPECT_EQ(find_element(document, "b")->as_binary(), "a\0b"s);
    EXPECT_EQ(find_element(*find_element(document, "v")->as_document(), "0")->as_integer(), 1);
    EXPECT_FALSE(find_element(document, "x"));
}

TEST(bson, keeps_the_order_of_elements) {
    const auto document = bson_builder().add("b", "1").add("a", "2").add("c", "3").finish();
    std::vector<std::string> names;
    bson_cursor at(document);
    while (at.next())
        names.emplace_back(at.element().name);
    EXPECT_TRUE(at.ok());
    EXPECT_THAT(names, ElementsAre("b", "a", "c"));
}

TEST(bson, takes_whole_numbers_of_every_kind_as_integers) {
    const auto document = bson_builder().add("d", 3.0).add("big", 1e300).add("nan", std::nan("")).finish();
    EXPECT_EQ(find_element(document, "d")->as_integer(), 3);
    EXPECT_EQ(find_element(document, "big")->as_integer(), std::nullopt);
    EXPECT_EQ(find_element(document, "nan")->as_integer(), std::nullopt);
}

TEST(bson, accepts_every_type_and_refuses_each_one_cut_short) {
    const std::string twelve(12, 'x');
    const std::pair<char, std::string> values[] = {
        {'\x01', std::string(8, 'x')},
        {'\x02', "\x02\0\0\0x\0"s},
        {'\x03', "\x05\0\0\0\0"s},
        {'\x04', "\x05\0\0\0\0"s},
        {'\x05', "\x02\0\0\0\0xy"s},
        {'\x07', twelve},
        {'\x08', "\x01"s},
        {'\x09', std::string(8, 'x')},
        {'\x0B', "a\0i\0"s},
        {'\x0C', "\x02\0\0\0x\0"s + twelve},
        {'\x0D', "\x02\0\0\0x\0"s},
        {'\x0E', "\x02\0\0\0x\0"s},
        {'\x0F', "\x0F\0\0\0\x02\0\0\0x\0\x05\0\0\0\0"s},
        {'\x10', "abcd"},
        {'\x11', std::string(8, 'x')},
        {'\x12', std::string(8, 'x')},
        {'\x13', std::string(16, 'x')},
    };
    for (const auto& [type, value] : values) {
        EXPECT_TRUE(check(with(type, value))) << static_cast<int>(type);
        EXPECT_FALSE(check(with(type, value.substr(0, value.size() - 1)))) << static_cast<int>(type);
    }
    for (const char type : {'\x06', '\x0A', '\x7F', '\xFF'})
        EXPECT_TRUE(check(with(type, ""))) << static_cast<int>(type);
}

TEST(bson, refuses_lengths_that_lie) {
    EXPECT_FALSE(check(""));
    EXPECT_FALSE(check("\x05\0\0\0"s));
    EXPECT_FALSE(check("\x06\0\0\0\0"s));
    EXPECT_FALSE(check("\xFF\xFF\xFF\xFF\0"s));
    EXPECT_FALSE(check(with('\x02', "\xFF\xFF\xFF\x7Fx\0"s)));
    EXPECT_FALSE(check(with('\x02', "\xFF\xFF\xFF\xFFx\0"s)));
    EXPECT_FALSE(check(with('\x02', "\0\0\0\0"s)));
    EXPECT_FALSE(check(with('\x05', "\xFF\xFF\xFF\xFF\0"s)));
    EXPECT_FALSE(check(with('\x03', "\x04\0\0\0"s)));
    EXPECT_FALSE(check(with('\x0F', "\x0E\0\0\0\x02\0\0\0x\0\x05\0\0\0"s)));
}

TEST(bson, refuses_what_is_no_text_no_boolean_and_no_type) {
    EXPECT_FALSE(check(with('\x02', "\x02\0\0\0\xFF\0"s)));
    EXPECT_FALSE(check(with('\x08', "\x02"s)));
    EXPECT_FALSE(check(with('\x14', "")));
    std::string name = with('\x0A', "");
    name[5] = '\xC0';
    EXPECT_FALSE(check(name));
}

TEST(bson, refuses_what_is_nested_too_deeply_or_too_large) {
    EXPECT_TRUE(check(test::nested(max_nesting)));
    EXPECT_FALSE(check(test::nested(max_nesting + 1)));
    EXPECT_FALSE(check(test::nested(100'000)));
    const auto large = bson_builder().add("s", std::string(100, 'x')).finish();
    const auto refused = check_document(large, 100);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().number, 10334);
}

TEST(utf8, knows_the_edges) {
    for (const auto* good : {"", "plain text of more than eight", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF",
                             "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (const auto* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                            "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "12345678\xFF"})
        EXPECT_FALSE(is_utf8(bad)) << bad;
}

}  // namespace
}  // namespace gasper::mongodb
