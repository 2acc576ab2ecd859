#include <gtest/gtest.h>

#include <algorithm>

#include "control/backups/backup_jobs.hpp"

namespace gasper::control {
namespace {

using std::chrono::hours;

const sys_time noon{hours(24 * 20000 + 12)};
const keep_rule one_day{.daily = 1, .weekly = 0, .monthly = 0};

class backup_retiring_test : public testing::Test {
 protected:
    using ids = std::vector<std::int64_t>;

    /// So many days ago.
    backup& add(int days, const std::string& place, bool verified, const std::string& problem = {}) {
        backup b;
        b.id.value = static_cast<std::int64_t>(all.size()) + 1;
        b.created = noon - hours(24 * days);
        b.place = place;
        b.state = backup_state::stored;
        if (verified) b.verified = b.created;
        b.problem = problem;
        all.push_back(b);
        return all.back();
    }
    ids retired() {
        ids found;
        for (const auto& b : backups_to_retire(one_day, all, noon))
            found.push_back(b.id.value);
        std::sort(found.begin(), found.end());
        return found;
    }

    std::vector<backup> all;
};

TEST_F(backup_retiring_test, each_place_keeps_by_itself) {
    add(0, "s3", true);
    add(1, "local", true);
    add(2, "local", true);
    EXPECT_EQ(retired(), ids{3}) << "the newest of the place before stays";
    add(1, "s3", true);
    add(3, "s3", true);
    EXPECT_EQ(retired(), (ids{3, 4, 5}));
}

TEST_F(backup_retiring_test, what_could_not_be_proved_goes_when_a_newer_one_is) {
    add(3, "local", false, "a table is missing");
    add(1, "local", false, "a table is missing");
    EXPECT_EQ(retired(), ids{}) << "better than none";
    add(2, "s3", true);
    EXPECT_EQ(retired(), ids{1}) << "the newer one is the newest data";
    add(0, "s3", true);
    EXPECT_EQ(retired(), (ids{1, 2, 3}));
}

TEST_F(backup_retiring_test, what_is_being_proved_or_made_stays) {
    add(2, "local", false);
    add(1, "local", false).state = backup_state::running;
    add(0, "local", true);
    EXPECT_EQ(retired(), ids{});
}

}  // namespace
}  // namespace gasper::control
