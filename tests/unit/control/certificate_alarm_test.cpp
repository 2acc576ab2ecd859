// When a certificate is failing, and that nobody hears it twice.
#include "control/certificates/alarm.hpp"

#include <gtest/gtest.h>

namespace gasper::control {
namespace {

constexpr auto day = std::chrono::hours(24);

const sys_time made{day * 20'000};
const sys_time ends = made + day * 3652;

certificate_look good() {
    certificate_look look;
    look.fingerprint = "AB:CD";
    look.valid = runtime::certificate_validity{made, ends};
    return look;
}

TEST(certificate_alarm_test, its_end_is_told_once_from_thirty_days_before) {
    EXPECT_TRUE(decide(good(), ends - day * 31, {}).say.empty());
    const auto first = decide(good(), ends - day * 30, {});
    ASSERT_EQ(first.say.size(), 1u);
    EXPECT_EQ(first.say[0], "it ends at " + to_rfc3339(ends));
    EXPECT_TRUE(decide(good(), ends + day, first.alarm).say.empty());
    EXPECT_EQ(decide(good(), ends + day, {}).say.at(0), "it ended at " + to_rfc3339(ends));
}

TEST(certificate_alarm_test, a_clock_that_is_put_right_tells_nothing_twice_and_hides_nothing) {
    const auto told = decide(good(), ends - day * 30, {}).alarm;
    EXPECT_EQ(decide(good(), ends - day * 31, told).alarm, told);
    EXPECT_EQ(decide(good(), sys_time{}, told).alarm, told) << "before it was made: that clock is wrong";
    const auto well = decide(good(), made + day, told).alarm;
    EXPECT_EQ(decide(good(), ends - day, well).say.size(), 1u);
}

TEST(certificate_alarm_test, each_reason_is_told_and_again_after_it_was_well) {
    auto look = good();
    look.refused = "port_taken";
    look.why = "port 7000: taken";
    const auto first = decide(look, made, {});
    EXPECT_EQ(first.say.size(), 1u);
    EXPECT_TRUE(decide(look, made, first.alarm).say.empty());
    const auto well = decide(good(), made, first.alarm);
    EXPECT_TRUE(well.say.empty());
    EXPECT_EQ(decide(look, made, well.alarm).say.size(), 1u);
    auto other = look;
    other.refused = "door_certificate";
    EXPECT_EQ(decide(other, made, first.alarm).say.size(), 1u);
}

TEST(certificate_alarm_test, another_certificate_is_told_anew) {
    const auto told = decide(good(), ends, {}).alarm;
    auto other = good();
    other.fingerprint = "EF";
    EXPECT_EQ(decide(other, ends, told).say.size(), 1u);
}

}  // namespace
}  // namespace gasper::control
