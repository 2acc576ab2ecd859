#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/archives/coverage.hpp"

namespace gasper::control {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const sys_time midday{hours(24 * 20000 + 12)};

archive_base base(const std::string& run, std::int64_t first, sys_time begins, bool verified = true) {
    archive_base b;
    b.id.value = first;
    b.run = run;
    b.first = first;
    b.last = first + 1;
    b.begins = begins;
    if (verified) b.verified = begins + minutes(1);
    return b;
}

// One a minute, from `at` on: number `first` tells until `at`.
void add_segments(archive_contents& all, const std::string& run, std::int64_t first, std::int64_t last, sys_time at) {
    for (auto n = first; n <= last; ++n) {
        archive_segment s;
        s.run = run;
        s.number = n;
        s.until = at + minutes(n - first);
        all.segments.push_back(s);
    }
}

// A base at noon with segments 5 to 20, the base's own are 5 and 6.
archive_contents one_run() {
    archive_contents all;
    all.bases = {base("aa", 5, midday)};
    add_segments(all, "aa", 3, 20, midday - minutes(3));
    return all;
}

std::vector<std::int64_t> numbers(const std::vector<archive_segment>& segments) {
    std::vector<std::int64_t> n;
    for (const auto& s : segments)
        n.push_back(s.number);
    return n;
}

std::string code(const result<recovery_plan>& r) {
    return r ? "none" : r.error().code;
}

TEST(archive_coverage_test, a_run_is_covered_from_its_base_to_its_last_segment) {
    EXPECT_TRUE(covered_by({}).empty());
    EXPECT_THAT(covered_by(one_run()), testing::ElementsAre(coverage{midday, midday + minutes(14)}));
    auto unproved = one_run();
    unproved.bases.front().verified.reset();
    EXPECT_TRUE(covered_by(unproved).empty()) << "what was never restored is no promise";
    auto not_whole = one_run();
    not_whole.bases.front().last = 21;
    EXPECT_TRUE(covered_by(not_whole).empty());
}

TEST(archive_coverage_test, bases_of_a_run_are_one_window_and_runs_with_a_gap_between_are_two) {
    auto all = one_run();
    all.bases.push_back(base("aa", 12, midday + minutes(7)));
    EXPECT_THAT(covered_by(all), testing::ElementsAre(coverage{midday, midday + minutes(14)}));
    all.bases.push_back(base("bb", 1, midday + minutes(30)));
    add_segments(all, "bb", 1, 3, midday + minutes(29));
    EXPECT_THAT(covered_by(all), testing::ElementsAre(coverage{midday, midday + minutes(14)},
                                                      coverage{midday + minutes(30), midday + minutes(31)}));
    EXPECT_EQ(code(plan_recovery(all, midday + minutes(20))), "not_covered");
    EXPECT_THAT(to_string(covered_by(all)), testing::HasSubstr("Z, and "));
}

TEST(archive_coverage_test, a_recovery_takes_the_newest_base_before_and_what_follows_until_the_moment) {
    auto all = one_run();
    all.bases.push_back(base("aa", 12, midday + minutes(7)));
    const auto early = plan_recovery(all, midday + minutes(2));
    ASSERT_TRUE(early) << early.error().message;
    EXPECT_EQ(early->base.first, 5);
    EXPECT_EQ(numbers(early->segments), (std::vector<std::int64_t>{5, 6, 7, 8, 9, 10}))
        << "9 tells until three minutes past; one more for what was committed just then";
    const auto late = plan_recovery(all, midday + minutes(14));
    ASSERT_TRUE(late);
    EXPECT_EQ(late->base.first, 12);
    EXPECT_EQ(numbers(late->segments).back(), 20);
}

TEST(archive_coverage_test, a_moment_outside_is_refused_with_what_is_covered) {
    const auto before = plan_recovery(one_run(), midday - minutes(1));
    EXPECT_EQ(code(before), "not_covered");
    EXPECT_THAT(before.error().message,
                testing::HasSubstr(to_rfc3339(midday) + " to " + to_rfc3339(midday + minutes(14))));
    EXPECT_EQ(code(plan_recovery(one_run(), midday + minutes(15))), "not_covered");
    EXPECT_THAT(plan_recovery({}, midday).error().message, testing::HasSubstr("what is: nothing"));
}

TEST(archive_coverage_test, a_gap_ends_what_is_covered_and_is_named) {
    auto all = one_run();
    std::erase_if(all.segments, [](const archive_segment& s) { return s.number == 10; });
    EXPECT_THAT(covered_by(all), testing::ElementsAre(coverage{midday, midday + minutes(3)}));
    EXPECT_TRUE(plan_recovery(all, midday + minutes(3)));
    const auto behind = plan_recovery(all, midday + minutes(12));
    EXPECT_EQ(code(behind), "archive_gap");
    EXPECT_THAT(behind.error().message, testing::HasSubstr("segment 10 "));
    all.bases.push_back(base("aa", 12, midday + minutes(7)));
    EXPECT_TRUE(plan_recovery(all, midday + minutes(12))) << "a base behind the gap does not need it";
    EXPECT_THAT(covered_by(all), testing::SizeIs(2));
}

TEST(archive_coverage_test, a_base_is_proved_with_its_own_segments_alone) {
    const auto all = one_run();
    const auto proof = plan_proof(all, all.bases.front());
    ASSERT_TRUE(proof);
    EXPECT_EQ(numbers(proof->segments), (std::vector<std::int64_t>{5, 6}));
    auto later = all.bases.front();
    later.first = 20;
    later.last = 22;
    const auto early = plan_proof(all, later);
    EXPECT_EQ(code(early), "archive_gap");
    EXPECT_THAT(early.error().message, testing::HasSubstr("segment 21 "));
}

TEST(archive_coverage_test, keeps_what_the_days_that_are_kept_need_and_nothing_else) {
    auto all = one_run();
    all.bases.push_back(base("aa", 12, midday + minutes(7)));
    all.bases.push_back(base("aa", 16, midday + minutes(11)));
    const auto gone = not_needed(all, "aa", midday + minutes(8));
    ASSERT_EQ(gone.bases.size(), 1u);
    EXPECT_EQ(gone.bases.front().first, 5) << "the base of 12 brings back the moments right after";
    EXPECT_EQ(numbers(gone.segments), (std::vector<std::int64_t>{3, 4, 5, 6, 7, 8, 9, 10, 11}));
    EXPECT_TRUE(not_needed(all, "aa", midday - hours(1)).bases.empty());
}

TEST(archive_coverage_test, the_newest_base_stays_however_old_it_is) {
    const auto gone = not_needed(one_run(), "aa", midday + hours(24 * 365));
    EXPECT_TRUE(gone.bases.empty());
    EXPECT_EQ(numbers(gone.segments), (std::vector<std::int64_t>{3, 4}));
}

TEST(archive_coverage_test, a_run_that_ended_goes_when_all_of_it_is_too_old) {
    auto all = one_run();
    all.bases.push_back(base("bb", 1, midday + hours(1)));
    add_segments(all, "bb", 1, 3, midday + hours(1));
    EXPECT_TRUE(not_needed(all, "bb", midday + minutes(10)).bases.empty()) << "it still brings back what came after";
    const auto gone = not_needed(all, "bb", midday + minutes(20));
    ASSERT_EQ(gone.bases.size(), 1u);
    EXPECT_EQ(gone.segments.size(), 18u);
    EXPECT_EQ(not_needed(all, "", midday + hours(2)).bases.size(), 2u) << "of a database that is gone, everything";
}

TEST(archive_coverage_test, segments_of_a_run_whose_first_base_is_being_made_stay) {
    archive_contents all;
    all.bases = {base("aa", 5, {}, false)};
    add_segments(all, "aa", 3, 9, midday);
    EXPECT_TRUE(not_needed(all, "aa", midday + hours(100)).segments.empty());
    EXPECT_EQ(not_needed(all, "bb", midday + hours(100)).segments.size(), 7u);
}

}  // namespace
}  // namespace gasper::control
