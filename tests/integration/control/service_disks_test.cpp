// What the files of a database take, against the disk of its plan: told once when it is nearly used up, and once when
// there is room again.
#include "control/services/disks.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "control/services/lifecycle.hpp"
#include "core/store/audit.hpp"
#include "tests/integration/control/attached_database.hpp"

namespace gasper {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t plan_disk = 1ll << 30;  // of Redis, small

class service_disks_test : public attached_database {
 protected:
    void SetUp() override { attach_blue("redis"); }

    fs::path directory() { return control::service_directory(world.platform().shared(), "blue"); }
    // A hole: it takes nothing of the disk here.
    void takes(int percent, const std::string& below = "data") {
        fs::create_directories(directory() / below);
        std::ofstream(directory() / below / "file").put('x');
        fs::resize_file(directory() / below / "file", static_cast<std::uintmax_t>(plan_disk * percent / 100));
    }
    void look() { world.run(control::look_at_service_disks(world.platform().shared())); }
    std::vector<std::string> told(const std::string& app) {
        std::vector<std::string> all;
        for (const auto& e : world.read([](SQLite::Database& db) { return store::audit_after(db, 0, 1000); }))
            if (e.app == app && e.action.starts_with("service.disk_")) all.push_back(e.action);
        return all;
    }
};

TEST_F(service_disks_test, a_database_that_outgrows_its_plan_is_told_once_and_once_more_when_it_shrinks) {
    using events = std::vector<std::string>;
    takes(89);
    look();
    EXPECT_EQ(told("service:blue"), events{});
    takes(91);
    look();
    look();
    EXPECT_EQ(told("service:blue"), events{"service.disk_low"});
    EXPECT_EQ(told("hello"), events{"service.disk_low"}) << "who follows the app";
    takes(86);
    look();
    EXPECT_EQ(told("service:blue"), events{"service.disk_low"}) << "not yet well below the line";
    takes(84);
    look();
    look();
    EXPECT_EQ(told("service:blue"), (events{"service.disk_low", "service.disk_recovered"}));
    EXPECT_EQ(told("hello"), told("service:blue"));
}

TEST_F(service_disks_test, what_it_takes_and_what_its_plan_has_is_shown) {
    auto shown = world.settle(databases().info(world.who(), "blue")).value();
    EXPECT_EQ(shown.disk_bytes, 0) << "nobody looked";
    EXPECT_EQ(shown.disk_limit_bytes, plan_disk);
    takes(50);
    look();
    shown = world.settle(databases().info(world.who(), "blue")).value();
    EXPECT_GE(shown.disk_bytes, plan_disk / 2);
    EXPECT_LT(shown.disk_bytes, plan_disk * 51 / 100);
}

TEST_F(service_disks_test, a_throw_away_server_beside_it_is_no_growth) {
    takes(60);
    takes(60, "beside-1a2b3c4d");
    look();
    EXPECT_TRUE(told("service:blue").empty());
    takes(60, "kept-1a2b3c4d");
    look();
    EXPECT_EQ(told("service:blue").size(), 1u) << "what an upgrade keeps is";
}

}  // namespace
}  // namespace gasper
