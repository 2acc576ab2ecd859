#include "runtime/stacks/claims.hpp"

#include <gtest/gtest.h>

namespace gasper::runtime {
namespace {

const std::string stack = "gasper/stack-python:1a2b";

TEST(image_claims, go_there_and_back) {
    const auto claim = claim_of("ab12", stack);
    EXPECT_EQ(claim, "gasper/used-ab12-stack-python:1a2b");
    EXPECT_EQ(claimed_by("ab12", claim), stack);
    EXPECT_FALSE(claimed_by("cd34", claim));
    EXPECT_FALSE(claimed_by("ab12", stack));
}

TEST(image_claims, an_old_image_goes_when_only_its_owner_used_it) {
    const auto mine = claim_of("ab12", stack);
    const auto drop = images_to_drop("ab12", {{.tags = {stack, mine}}}, {});
    ASSERT_EQ(drop.size(), 1u);
    EXPECT_EQ(drop[0].claim, mine);
    EXPECT_EQ(drop[0].reference, stack);
}

TEST(image_claims, what_is_kept_or_used_by_others_or_was_never_claimed_stays) {
    const auto mine = claim_of("ab12", stack), theirs = claim_of("cd34", stack);
    EXPECT_TRUE(images_to_drop("ab12", {{.tags = {stack, mine}}}, {stack}).empty());
    EXPECT_TRUE(images_to_drop("ab12", {{.tags = {stack}}, {.tags = {stack, theirs}}}, {}).empty());
    const auto shared = images_to_drop("ab12", {{.tags = {theirs, stack, mine}}}, {});
    ASSERT_EQ(shared.size(), 1u);
    EXPECT_TRUE(shared[0].reference.empty()) << "only our mark goes";
}

TEST(image_claims, all_of_an_owner_are_found_also_where_the_images_own_name_is_gone) {
    const auto mine = claim_of("ab12", stack), theirs = claim_of("cd34", stack);
    const std::string other = "gasper/stack-go:3c4d";
    EXPECT_EQ(
        claims_of("ab12", {{.tags = {mine}}, {.tags = {stack, theirs}}, {.tags = {other, claim_of("ab12", other)}}}),
        (std::vector<std::string>{mine, claim_of("ab12", other)}));
    EXPECT_TRUE(claims_of("ef56", {{.tags = {stack, mine, theirs}}}).empty());
}

TEST(image_claims, what_is_made_anew_is_nobodys_claim) {
    const auto next = remade_of("ab12", "blue", stack);
    EXPECT_EQ(next, "gasper/next-ab12-blue-stack-python:1a2b");
    EXPECT_FALSE(claimed_by("ab12", next));
    EXPECT_NE(next, remade_of("ab12", "green", stack));
}

TEST(image_claims, what_lost_its_tags_long_ago_goes_and_nothing_else) {
    const sys_time noon(std::chrono::hours(12)), before = noon - std::chrono::hours(1);
    const std::vector<image_info> there{{.id = "old", .created = sys_time{}},
                                        {.id = "marked", .tags = {"<none>:<none>"}, .created = sys_time{}},
                                        {.id = "young", .created = noon},
                                        {.id = "named", .tags = {stack}, .created = sys_time{}}};
    EXPECT_EQ(images_without_tags(there, before), (std::vector<std::string>{"old", "marked"}));
}

}  // namespace
}  // namespace gasper::runtime
