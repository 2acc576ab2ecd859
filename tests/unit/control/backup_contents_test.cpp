#include <gtest/gtest.h>

#include "control/backups/contents.hpp"

namespace gasper::control {
namespace {

TEST(backup_contents_test, reads_a_number_and_a_name_a_line) {
    const auto c = parse_contents("12 public.things\n0 public.Two words\n");
    ASSERT_TRUE(c);
    EXPECT_EQ(*c, (contents{{"public.things", 12}, {"public.Two words", 0}}));
    EXPECT_TRUE(parse_contents("")->empty());
    for (const auto* bad : {"things", "x things", "12", "12 ", "12things", "99999999999999999999 things"})
        EXPECT_FALSE(parse_contents(bad)) << bad;
}

TEST(backup_contents_test, what_did_not_change_meanwhile_must_be_restored_to_the_number) {
    const contents same{{"a", 5}, {"b", 0}};
    EXPECT_TRUE(check_restored(same, same, same));
    const auto short_of = check_restored(same, same, {{"a", 4}, {"b", 0}});
    ASSERT_FALSE(short_of);
    EXPECT_EQ(short_of.error().message, "a has 4 entries in what was restored, not 5");
    EXPECT_FALSE(check_restored(same, same, {{"a", 5}}));
}

TEST(backup_contents_test, what_changed_meanwhile_must_be_there_and_what_went_need_not) {
    EXPECT_TRUE(check_restored({{"a", 5}}, {{"a", 9}}, {{"a", 7}}));
    EXPECT_FALSE(check_restored({{"a", 5}}, {{"a", 9}}, {}));
    EXPECT_TRUE(check_restored({{"a", 5}}, {}, {}));
    EXPECT_TRUE(check_restored({}, {{"new", 1}}, {{"new", 1}}));
}

}  // namespace
}  // namespace gasper::control
