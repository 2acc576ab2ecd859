// Upgrades as far as they need no engine: what is refused, what is kept, and what a restart makes of each moment at
// which directories and versions change places. tests/e2e/upgrade_test.py has the servers.
#include <gtest/gtest.h>

#include <fstream>

#include "control/backups/beside.hpp"
#include "control/backups/taking_place.hpp"
#include "control/job_kinds.hpp"
#include "control/services/services.hpp"
#include "control/upgrades/places.hpp"
#include "control/upgrades/upgrade_jobs.hpp"
#include "control/upgrades/upgrades.hpp"
#include "control/upgrades/walls.hpp"
#include "core/store/jobs.hpp"
#include "core/store/services.hpp"
#include "core/store/upgrades.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

namespace fs = std::filesystem;
using control::upgrades;

const std::string kept_name = "kept-1a2b3c4d";

class upgrades_test : public testing::Test {
 protected:
    upgrades_test() {
        world.store([this](SQLite::Database& db) {
            service s;
            s.name = "blue";
            s.kind = "postgres";
            s.version = "15";
            s.plan = "small";
            s.owner = world.who().id;
            s.id = store::add_service(db, s);
            s.made = true;
            store::update_service(db, s);
            id = s.id;
        });
        write("data", "before");
    }

    fs::path at() const { return dir.path() / "services" / "blue"; }
    void write(const std::string& directory, const std::string& text) {
        fs::create_directories(at() / directory);
        std::ofstream(at() / directory / "rows") << text;
    }
    std::string rows(const std::string& directory) const {
        std::ifstream file(at() / directory / "rows");
        return std::string(std::istreambuf_iterator<char>(file), {});
    }
    /// A row as a job leaves it just before the exchange: what shall serve is in the kept directory.
    upgrade on_its_way(upgrade_state state, bool job_goes_on = true) {
        write(kept_name, state == upgrade_state::arriving ? "after" : "before");
        write("data", state == upgrade_state::arriving ? "before" : "after");
        upgrade u{.service = id, .before = "15", .after = "17", .directory = kept_name, .state = state};
        u.inode = control::inode_of(at() / kept_name);
        world.store([&](SQLite::Database& db) {
            job j{.kind = "service-upgrade", .key = "service:blue", .input = R"({"version":"17"})", .user = "ann"};
            j.state = job_goes_on ? job_state::running : job_state::failed;
            u.job = store::add_job(db, j);
            store::set_upgrade(db, u);
            auto s = *store::find_service(db, id);
            s.version = state == upgrade_state::arriving ? "15" : "17";
            store::update_service(db, s);
        });
        return u;
    }
    void exchange() { ASSERT_TRUE(control::exchange_directories(at() / "data", at() / kept_name)); }
    void restart() {
        auto work = [](control::parts& p) -> task<bool> {
            co_await control::settle_upgrades(p);
            co_return true;
        };
        ASSERT_TRUE(world.settle(work(world.platform().shared())));
    }
    std::string version() {
        return world.read([this](SQLite::Database& db) { return store::find_service(db, id)->version; });
    }
    std::optional<upgrade> row() {
        return world.read([this](SQLite::Database& db) { return store::find_upgrade(db, id); });
    }
    std::string refusal_of(const std::string& wanted) {
        const auto begun = world.settle(upgrades(world.platform()).start(world.who(), "blue", wanted));
        return begun ? "none" : begun.error().code;
    }
    void keep() {
        on_its_way(upgrade_state::arriving, false);
        exchange();
        restart();
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::control_world world{dir.path(), cluster};
    service_id id;
};

TEST_F(upgrades_test, what_cannot_be_is_refused_before_a_job_begins) {
    EXPECT_EQ(refusal_of("9"), "service_version");
    EXPECT_EQ(refusal_of("15"), "same_version");
    EXPECT_EQ(refusal_of("17"), "service_not_running");
    EXPECT_EQ(refusal_of(""), "service_not_running");
    const auto strange = world.settle(upgrades(world.platform()).start(world.who(), "green", ""));
    EXPECT_EQ(strange.error().code, "service_not_found");
    const auto jobs = world.read([](SQLite::Database& db) { return store::unfinished_jobs(db).size(); });
    EXPECT_EQ(jobs, 0u);
}

TEST_F(upgrades_test, a_cut_before_the_exchange_leaves_nothing_but_what_was) {
    on_its_way(upgrade_state::arriving);
    restart();
    EXPECT_EQ(version(), "15");
    EXPECT_EQ(rows("data"), "before");
    EXPECT_FALSE(fs::exists(at() / kept_name));
    EXPECT_FALSE(row());
}

TEST_F(upgrades_test, a_cut_before_the_directory_had_its_name_leaves_nothing_either) {
    on_its_way(upgrade_state::arriving);
    fs::rename(at() / kept_name, at() / "beside-1a2b3c4d");
    restart();
    EXPECT_EQ(version(), "15");
    EXPECT_FALSE(row());
    EXPECT_EQ(rows("data"), "before");
}

TEST_F(upgrades_test, a_cut_after_the_exchange_starts_the_version_of_the_data) {
    on_its_way(upgrade_state::arriving);
    exchange();
    restart();
    EXPECT_EQ(version(), "17");
    EXPECT_EQ(rows("data"), "after");
    ASSERT_TRUE(row());
    EXPECT_EQ(row()->state, upgrade_state::arriving) << "its job goes on";
    EXPECT_EQ(rows(kept_name), "before");
}

TEST_F(upgrades_test, a_job_that_does_not_go_on_keeps_the_data_before) {
    keep();
    EXPECT_EQ(version(), "17");
    ASSERT_TRUE(row());
    EXPECT_EQ(row()->state, upgrade_state::kept);
    EXPECT_EQ(rows(kept_name), "before");
}

TEST_F(upgrades_test, a_return_that_was_cut_before_the_exchange_is_kept_and_after_it_goes_on) {
    on_its_way(upgrade_state::returning);
    restart();
    EXPECT_EQ(version(), "17");
    EXPECT_EQ(row()->state, upgrade_state::kept);
    on_its_way(upgrade_state::returning);
    exchange();
    restart();
    EXPECT_EQ(version(), "15");
    EXPECT_EQ(rows("data"), "before");
    EXPECT_EQ(row()->state, upgrade_state::returning);
}

TEST_F(upgrades_test, a_return_that_nobody_goes_on_with_is_there_and_the_other_is_kept) {
    on_its_way(upgrade_state::returning, false);
    exchange();
    restart();
    EXPECT_EQ(version(), "15");
    ASSERT_TRUE(row());
    EXPECT_EQ(row()->state, upgrade_state::kept);
    EXPECT_EQ(row()->before, "17") << "the version of what is kept";
    EXPECT_EQ(rows(kept_name), "after");
}

TEST_F(upgrades_test, what_was_being_removed_goes) {
    auto u = on_its_way(upgrade_state::arriving);
    exchange();
    u.state = upgrade_state::leaving;
    world.store([&](SQLite::Database& db) { store::set_upgrade(db, u); });
    restart();
    EXPECT_FALSE(row());
    EXPECT_FALSE(fs::exists(at() / kept_name));
    EXPECT_EQ(rows("data"), "after");
}

TEST_F(upgrades_test, is_confirmed_once) {
    keep();
    ASSERT_TRUE(world.settle(upgrades(world.platform()).confirm(world.who(), "blue")));
    EXPECT_FALSE(fs::exists(at() / kept_name));
    EXPECT_EQ(rows("data"), "after");
    EXPECT_EQ(world.settle(upgrades(world.platform()).confirm(world.who(), "blue")).error().code, "no_upgrade");
}

TEST_F(upgrades_test, goes_back_only_for_who_says_that_writes_are_lost) {
    EXPECT_EQ(world.settle(upgrades(world.platform()).roll_back(world.who(), "blue", "blue")).error().code,
              "no_upgrade");
    keep();
    const auto refused = world.settle(upgrades(world.platform()).roll_back(world.who(), "blue", ""));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "confirm_mismatch");
    EXPECT_NE(refused.error().message.find("is lost for good"), std::string::npos);
    EXPECT_EQ(rows(kept_name), "before");
}

TEST_F(upgrades_test, is_shown_until_it_is_confirmed) {
    keep();
    const auto shown = world.settle(control::services(world.platform()).list(world.who())).value();
    ASSERT_EQ(shown.size(), 1u);
    EXPECT_EQ(shown[0].info.version, "17");
    ASSERT_TRUE(shown[0].kept);
    EXPECT_EQ(shown[0].kept->before, "15");
    ASSERT_TRUE(world.settle(upgrades(world.platform()).confirm(world.who(), "blue")));
    EXPECT_FALSE(world.settle(control::services(world.platform()).list(world.who())).value()[0].kept);
}

TEST_F(upgrades_test, a_job_that_was_cut_goes_on_from_where_its_data_is) {
    const auto u = on_its_way(upgrade_state::arriving);
    exchange();
    restart();
    auto resumed = [](control::parts& p, job cut) -> task<bool> {
        auto work = co_await control::resume_upgrade(p, std::move(cut));
        co_return work.has_value();
    };
    const auto cut = world.read([&](SQLite::Database& db) { return *store::find_job(db, u.job); });
    EXPECT_TRUE(world.settle(resumed(world.platform().shared(), cut)));
    world.store([this](SQLite::Database& db) { store::remove_service(db, id); });
    EXPECT_FALSE(world.settle(resumed(world.platform().shared(), cut))) << "the service is gone";
}

TEST_F(upgrades_test, nobody_is_attached_while_its_data_is_copied) {
    world.deployed("hello");
    auto& board = world.platform().shared().service_servers;
    board.running["blue"].container = "c1";
    const control::walled_service walled(board, "blue");
    control::services databases(world.platform());
    EXPECT_EQ(world.settle(databases.list(world.who())).value()[0].state, "upgrading");
    control::new_attachment wanted{.service = "blue", .app = "hello", .alias = ""};
    const auto begun = world.settle(databases.attach(world.who(), wanted)).value();
    EXPECT_EQ(world.finish(begun), job_state::failed);
    EXPECT_NE(world.settle(world.jobs().info(begun)).value().reason.find("is being upgraded"), std::string::npos);
    const auto left =
        world.read([this](SQLite::Database& db) { return store::attachments_of(db, world.box(), id).size(); });
    EXPECT_EQ(left, 0u);
}

}  // namespace
}  // namespace gasper
