// A database that goes to another version, from one scripted server into another: while its data is copied nobody
// writes into it, by whichever way, and afterwards all that had a way have it again.
#include <gtest/gtest.h>

#include <set>

#include "control/services/exposing.hpp"
#include "control/upgrades/upgrades.hpp"
#include "core/store/services.hpp"
#include "tests/integration/control/attached_database.hpp"
#include "tests/support/tcp_peer.hpp"

namespace gasper {
namespace {

class walls_test : public attached_database {
 protected:
    void SetUp() override {
        attach_blue("postgres", "15");
        if (HasFatalFailure()) return;
        ASSERT_TRUE(expose());
        engine.tables["blue"] = rows;
        engine.on_verb = [this](const std::string& verb, const std::string&) { heard.insert(verb); };
    }

    result<control::exposure_view> expose() {
        control::new_exposure wanted;
        wanted.service = "blue";
        wanted.port = port;
        wanted.allowed = "192.0.2.0/24";
        return world.settle(control::exposures(world.platform()).expose(world.who(), wanted));
    }
    result<control::way_in> tunnel() {
        auto end = [this] { ++ended; };
        return world.settle(databases().find_way(world.who(), "hello", "blue", 5432, end));
    }
    result<control::opened_console> console() {
        control::console_request wanted;
        wanted.service = "blue";
        return world.settle(databases().open_console(world.who(), wanted));
    }
    job_id upgrade_half() {
        engine.held = {"dump"};
        const auto begun = world.settle(control::upgrades(world.platform()).start(world.who(), "blue", "17")).value();
        EXPECT_TRUE(world.until([&] { return heard.contains("dump"); }));
        return begun;
    }
    bool is_open() const { return test::is_heard(port); }
    void look_at_doors() {
        auto work = [](control::parts& p) -> task<bool> {
            co_await control::look_at_doors(p);
            co_return true;
        };
        ASSERT_TRUE(world.settle(work(world.platform().shared())));
    }
    std::set<std::string> apps_within() const {
        const auto* holder = engine.find("service-sandbox", "blue");
        return holder ? holder->networks : std::set<std::string>();
    }

    const std::map<std::string, int> rows{{"orders", 3}, {"things", 5}};
    const std::uint16_t port{test::unused_port()};
    std::set<std::string> heard;
    int ended{0};
};

TEST_F(walls_test, nobody_gets_in_while_the_data_is_copied) {
    const auto before = tunnel();
    ASSERT_TRUE(before);
    ASSERT_TRUE(is_open());
    const auto upgrading = upgrade_half();
    EXPECT_FALSE(is_open());
    EXPECT_EQ(ended, 1) << "a tunnel that was open";
    EXPECT_FALSE(apps_within().contains("gasper-test-hello"));
    EXPECT_EQ(tunnel().error().code, "service_upgrading");
    EXPECT_EQ(console().error().code, "service_upgrading");
    EXPECT_EQ(expose().error().code, "service_upgrading");
    EXPECT_EQ(world.finish(attach("SECOND").value()), job_state::failed);
    look_at_doors();
    EXPECT_FALSE(is_open()) << "whoever looks at doors now and then leaves it shut";
    engine.held.clear();
    EXPECT_EQ(world.finish(upgrading), job_state::succeeded)
        << world.settle(world.jobs().info(upgrading)).value().reason;
}

TEST_F(walls_test, afterwards_all_have_their_way_again_and_the_data_is_there) {
    const auto users = engine.users["blue"];
    ASSERT_EQ(users.size(), 2u) << "the app's and the one outside";
    const auto upgrading = upgrade_half();
    engine.held.clear();
    expect_done(upgrading);
    EXPECT_EQ(world.settle(databases().info(world.who(), "blue")).value().info.version, "17");
    EXPECT_EQ(engine.tables["blue"], rows);
    EXPECT_EQ(engine.users["blue"], users);
    EXPECT_TRUE(apps_within().contains("gasper-test-hello"));
    EXPECT_TRUE(is_open());
    EXPECT_TRUE(tunnel());
    EXPECT_TRUE(console());
    EXPECT_TRUE(expose());
}

TEST_F(walls_test, an_upgrade_that_does_not_come_about_opens_the_door_again) {
    const auto upgrading = upgrade_half();
    ASSERT_TRUE(world.settle(world.jobs().cancel(upgrading, "ann")));
    EXPECT_EQ(world.finish(upgrading), job_state::aborted);
    EXPECT_EQ(world.settle(databases().info(world.who(), "blue")).value().info.version, "15");
    EXPECT_EQ(engine.tables["blue"], rows);
    EXPECT_TRUE(is_open());
    EXPECT_TRUE(apps_within().contains("gasper-test-hello"));
}

}  // namespace
}  // namespace gasper
