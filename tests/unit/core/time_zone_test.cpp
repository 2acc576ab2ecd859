#include "core/base/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>

#include "core/base/zone_rule.hpp"

namespace gasper {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

std::string file_of(const std::string& zone) {
    std::ifstream file("/usr/share/zoneinfo/" + zone, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class time_zone_test : public testing::Test {
 protected:
    void SetUp() override {
        if (const char* was = std::getenv("TZ")) before_ = was;
    }
    void TearDown() override {
        if (before_)
            ::setenv("TZ", before_->c_str(), 1);
        else
            ::unsetenv("TZ");
        ::tzset();
    }

 private:
    std::optional<std::string> before_;
};

TEST_F(time_zone_test, agrees_with_the_c_library_from_1950_to_2090) {
    for (const char* name :
         {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata",
          "Africa/Casablanca", "Europe/Dublin", "Pacific/Apia", "Asia/Tehran", "America/Sao_Paulo"}) {
        const auto zone = load_time_zone(name).value();
        ::setenv("TZ", name, 1);
        ::tzset();
        for (std::int64_t t = -631'152'000; t < 3'786'912'000; t += 104'729 * 3) {
            std::tm parts{};
            const std::time_t at = t;
            ::localtime_r(&at, &parts);
            ASSERT_EQ(zone.offset_at(sys_seconds(seconds(t))).count(), parts.tm_gmtoff) << name << " at " << t;
        }
    }
}

TEST_F(time_zone_test, finds_every_moment_from_its_local_time) {
    for (const char* name : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"}) {
        const auto zone = load_time_zone(name).value();
        for (std::int64_t t = 1'767'225'600; t < 1'798'761'600; t += 900) {
            const sys_seconds at{seconds(t)};
            const auto found = zone.find(local_seconds(at.time_since_epoch() + zone.offset_at(at)));
            ASSERT_TRUE(found.first == at || found.last == at) << name << " at " << t;
            ASSERT_LE(found.first, found.last);
        }
    }
}

TEST_F(time_zone_test, reads_rules_of_every_form) {
    EXPECT_EQ(parse_zone_rule("CET-1CEST,M3.5.0,M10.5.0/3")->standard, seconds(3600));
    EXPECT_EQ(parse_zone_rule("<-03>3")->standard, seconds(-3 * 3600));
    EXPECT_EQ(parse_zone_rule("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0")->summer->offset, seconds(11 * 3600));
    const auto dublin = parse_zone_rule("IST-1GMT0,M10.5.0,M3.5.0/1").value();
    EXPECT_EQ(dublin.summer->offset, seconds(0)) << "Ireland's summer time is the standard";
    const auto days = parse_zone_rule("AAA3BBB,J60/0,300/-1:30").value();
    EXPECT_EQ(days.summer->begins.day_in(std::chrono::year(2024)),
              std::chrono::sys_days(std::chrono::year(2024) / 3 / 1));
    EXPECT_EQ(days.summer->ends.time, seconds(-5400));
}

TEST_F(time_zone_test, refuses_rules_that_are_none) {
    for (const char* bad : {"", "C-1", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "<CET-1",
                            "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,J0,J1", "CET-1CEST,M3.5.0,M10.5.0x", "CET-999"})
        EXPECT_FALSE(parse_zone_rule(bad)) << bad;
    EXPECT_FALSE(parse_zone_rule(std::string(200, 'A') + "-1"));
}

TEST_F(time_zone_test, refuses_files_that_are_cut_or_none) {
    const auto whole = file_of("Europe/Berlin");
    ASSERT_TRUE(time_zone::parse(whole));
    for (std::size_t size = 0; size < whole.size(); size += 7)
        EXPECT_FALSE(time_zone::parse(whole.substr(0, size))) << size;
    EXPECT_FALSE(time_zone::parse("no file of that kind"));
    EXPECT_FALSE(time_zone::parse(whole + std::string(70'000, 'x')));
}

TEST_F(time_zone_test, takes_names_of_the_database_only) {
    EXPECT_TRUE(load_time_zone("UTC"));
    EXPECT_TRUE(load_time_zone("Etc/GMT+5"));
    for (const std::string& bad :
         {std::string(), std::string("Mars/Olympus"), std::string("../../../etc/passwd"), std::string("/etc/localtime"),
          std::string("Europe"), std::string("Europe/"), std::string("tzdata.zi"), std::string(100, 'a')})
        EXPECT_FALSE(load_time_zone(bad)) << bad;
}

}  // namespace
}  // namespace gasper
