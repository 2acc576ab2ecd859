#include "control/metrics/series_file.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "tests/support/temporary_directory.hpp"

namespace gasper::control {
namespace {

constexpr std::array<merge, 2> rules{merge::sum, merge::largest};
constexpr std::int64_t noon = 1'699'920'000;  // begins a step of every resolution

class series_test : public testing::Test {
 protected:
    bool add(std::int64_t at, double sum, double largest) {
        const std::array<double, 2> values{sum, largest};
        return series.add(at, values);
    }

    test::temporary_directory dir;
    std::filesystem::path file{dir.path() / "web.1.series"};
    series_file series{file, rules};
};

TEST_F(series_test, merges_what_falls_into_one_step) {
    EXPECT_TRUE(add(noon + 1, 2, 5));
    EXPECT_TRUE(add(noon + 9, 3, 4));
    EXPECT_TRUE(add(noon + 10, 1, 1));
    const auto points = series.read(noon, noon + 100, 10, noon + 20);
    ASSERT_EQ(points.size(), 2u);
    EXPECT_EQ(points[0].at, noon);
    EXPECT_EQ(points[0].values, (std::vector<double>{5, 5}));
    EXPECT_EQ(points[1].at, noon + 10);
}

TEST_F(series_test, keeps_an_hour_a_day_and_thirty_days) {
    constexpr std::int64_t month = 30 * 86400;
    for (std::int64_t at = noon; at < noon + month; at += 600)
        ASSERT_TRUE(add(at, 1, 1));
    const auto now = noon + month - 1;
    EXPECT_EQ(series.read(now - 3590, now + 1, 10, now).size(), 6u);
    EXPECT_EQ(series.read(now - 86390, now + 1, 60, now).size(), 144u);
    const auto all = series.read(noon, now + 1, 3600, now);
    ASSERT_EQ(all.size(), 720u);
    for (const auto& p : all)
        EXPECT_EQ(p.values[0], 6);
}

TEST_F(series_test, stays_as_large_as_it_was_made) {
    ASSERT_TRUE(add(noon, 1, 1));
    const auto size = std::filesystem::file_size(file);
    EXPECT_EQ(size, static_cast<std::uintmax_t>(series_bytes(2)));
    for (std::int64_t i = 0; i < 10'000; ++i)
        ASSERT_TRUE(add(noon + i * 10, 1, 1));
    EXPECT_EQ(std::filesystem::file_size(file), size);
}

TEST_F(series_test, does_not_take_an_earlier_round_of_the_ring_for_now) {
    ASSERT_TRUE(add(noon, 1, 1));
    EXPECT_TRUE(series.read(noon, noon + 7200, 10, noon + 7200).size() == 1) << "still there at one minute";
    EXPECT_EQ(series.read(noon + 3000, noon + 7200, 10, noon + 5000).size(), 0u);
    EXPECT_TRUE(series.read(noon - 86400, noon + 100 * 86400, 10, noon + 100 * 86400).empty());
}

TEST_F(series_test, a_clock_that_jumps_a_day_ahead_and_back_costs_what_was_measured_meanwhile_at_most) {
    for (std::int64_t at = noon; at < noon + 3600; at += 10)
        ASSERT_TRUE(add(at, 1, 1));
    for (std::int64_t at = noon + 86'400; at < noon + 86'400 + 60; at += 10)
        ASSERT_TRUE(add(at, 100, 100));
    for (std::int64_t at = noon + 3600; at < noon + 3660; at += 10)
        ASSERT_TRUE(add(at, 1, 1));
    const auto now = noon + 3660;
    const auto hour = series.read(now - 3600, now, 10, now);
    EXPECT_GE(hour.size(), 354u);
    for (const auto& p : hour)
        EXPECT_EQ(p.values[0], 1);
    const auto day = series.read(noon, now, 60, now);
    EXPECT_GE(day.size(), 60u);
    for (const auto& p : day)
        EXPECT_EQ(p.values[0], 6);
}

TEST_F(series_test, begins_anew_when_the_file_is_another_layout_or_damaged) {
    std::ofstream(file) << "this is no series";
    EXPECT_TRUE(series.read(noon, noon + 10, 10, noon).empty());
    EXPECT_TRUE(add(noon, 4, 4));
    EXPECT_EQ(series.read(noon, noon + 10, 10, noon).size(), 1u);
}

TEST_F(series_test, passes_over_records_that_make_no_sense) {
    ASSERT_TRUE(add(noon, 4, 4));
    std::fstream damage(file, std::ios::in | std::ios::out | std::ios::binary);
    const double bad = std::numeric_limits<double>::quiet_NaN();
    for (int i = 0; i < 100; ++i) {
        damage.seekp(16 + static_cast<std::streamoff>(i * 24 + 8));
        damage.write(reinterpret_cast<const char*>(&bad), sizeof bad);
    }
    damage.close();
    for (const auto& p : series.read(noon - 3000, noon + 10, 10, noon))
        EXPECT_EQ(p.values[0], p.values[0]);
    EXPECT_TRUE(add(noon, 1, 1));
}

TEST_F(series_test, refuses_a_sample_of_another_shape) {
    const std::array<double, 3> values{};
    EXPECT_FALSE(series.add(noon, values));
    EXPECT_FALSE(add(-5, 1, 1));
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(resolution, is_the_finest_that_reaches_back_and_is_needed) {
    EXPECT_EQ(level_for(noon - 3000, 10, noon), 0u);
    EXPECT_EQ(level_for(noon - 4000, 10, noon), 1u);
    EXPECT_EQ(level_for(noon - 3000, 60, noon), 1u);
    EXPECT_EQ(level_for(noon - 2 * 86400, 10, noon), 2u);
    EXPECT_EQ(level_for(noon - 365 * 86400, 10, noon), 2u);
}

TEST(traffic, becomes_columns_and_back) {
    app_traffic t{.requests = 15, .by_class = {0, 1, 2, 3, 4, 5}, .latency_us = 99, .bytes_out = 1ull << 40};
    for (std::size_t i = 0; i < t.latency.size(); ++i)
        t.latency[i] = i * i;
    EXPECT_EQ(to_traffic(to_values(t)), t);
    EXPECT_EQ(to_traffic(std::vector<double>(3)), app_traffic{});
}

TEST(traffic, tells_quantiles_within_their_bucket) {
    app_traffic t;
    EXPECT_EQ(latency_quantile(t, 0.5), 0);
    t.latency[3] = 100;  // 5 … 10 ms
    EXPECT_DOUBLE_EQ(latency_quantile(t, 0.5), 7.5);
    t.latency[latency_bounds_ms.size()] = 900;
    EXPECT_DOUBLE_EQ(latency_quantile(t, 0.99), 30'000);
}

}  // namespace
}  // namespace gasper::control
