// Who gets a way into which database, in a control plane of scripted parts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/services/services.hpp"
#include "core/store/services.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using ::testing::HasSubstr;

class connecting_test : public testing::Test {
 protected:
    void SetUp() override {
        world.deployed("hello");
        ASSERT_TRUE(world.settle(world.platform().recover()));
        world.store([&](SQLite::Database& db) {
            for (const char* name : {"blue", "green"}) {
                service s{.name = name, .kind = "postgres", .version = "15", .plan = "small", .owner = world.who().id};
                s.id = store::add_service(db, s);
                s.made = true;
                store::update_service(db, s);
            }
            attachment a{.service = store::find_service(db, "blue")->id,
                         .app = store::find_app(db, "hello")->id,
                         .variable = "DATABASE_URL",
                         .user = "u_1",
                         .password = "secret",
                         .active = true};
            store::add_attachment(db, world.box(), a);
        });
        run_server("blue");
        run_server("green");
    }

    void run_server(const std::string& name) {
        world.platform().shared().service_servers.running[name] = {
            .name = name, .container = "c-" + name, .address = "10.213.7.2", .state = instance_state::up};
    }

    result<control::way_in> way(const std::string& host, int port, std::optional<control::identity> who = {}) {
        control::services databases(world.platform());
        auto end = [this] { ++ended; };
        return world.settle(databases.find_way(who.value_or(world.who()), "hello", host, port, end));
    }
    /// What is done now and then, and after each detach.
    void look() {
        auto work = [](control::parts& p) -> task<bool> {
            co_await control::end_lost_tunnels(p);
            co_return true;
        };
        ASSERT_TRUE(world.settle(work(world.platform().shared())));
    }
    attachment attached() {
        return world.read([&](SQLite::Database& db) {
            return store::attachments_of(db, world.box(), store::find_app(db, "hello")->id).at(0);
        });
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::control_world world{dir.path(), cluster};
    control::identity stranger{{4711}, "eve", false};
    int ended{0};
};

TEST_F(connecting_test, a_tunnel_ends_when_its_app_is_detached_and_not_before) {
    auto open = way("blue", 5432);
    ASSERT_TRUE(open);
    look();
    EXPECT_EQ(ended, 0);
    const auto id = attached().id;
    world.store([&](SQLite::Database& db) { store::remove_attachment(db, id); });
    look();
    EXPECT_EQ(ended, 1);
    open->right.reset();
    look();
    EXPECT_EQ(ended, 1) << "one that is gone is told nothing";
}

TEST_F(connecting_test, a_tunnel_that_has_another_attachment_stays) {
    const auto open = way("blue", 5432);
    const auto first = attached();
    world.store([&](SQLite::Database& db) {
        auto second = first;
        second.variable = "BLUE_URL";
        second.user = "u_2";
        store::add_attachment(db, world.box(), second);
        store::remove_attachment(db, first.id);
    });
    look();
    EXPECT_EQ(ended, 0);
}

TEST_F(connecting_test, a_tunnel_ends_with_its_app) {
    const auto open = way("blue", 5432);
    ASSERT_TRUE(world.settle(world.platform().apps().destroy(world.who(), "hello", "hello", false)));
    EXPECT_EQ(ended, 1);
}

TEST_F(connecting_test, a_refused_tunnel_is_not_in_the_book) {
    EXPECT_FALSE(way("green", 5432));
    world.platform().shared().tunnels.end_all("green");
    EXPECT_EQ(ended, 0);
}

TEST_F(connecting_test, a_tunnel_leads_to_an_attached_database_by_either_of_its_names) {
    for (const char* host : {"blue", "blue.db.internal"}) {
        const auto found = way(host, 5432);
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_EQ(found->address, "10.213.7.2");
        EXPECT_EQ(found->port, 5432);
    }
}

TEST_F(connecting_test, a_tunnel_leads_nowhere_else) {
    for (const char* host : {"green", "127.0.0.1", "10.213.7.2", "localhost", "", ".db.internal", "blue.db.internal."})
        EXPECT_EQ(way(host, 5432).error().code, "service_not_attached") << host;
    EXPECT_THAT(way("blue", 22).error().message, HasSubstr("answers on port 5432, not 22"));
    EXPECT_EQ(way("blue", 5432, stranger).error().kind, errc::not_found);
    world.platform().shared().service_servers.running.erase("blue");
    EXPECT_EQ(way("blue", 5432).error().code, "service_not_running");
}

TEST_F(connecting_test, only_who_manages_a_database_gets_its_console) {
    control::services databases(world.platform());
    const auto refused = world.settle(databases.open_console(stranger, {.service = "blue"}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "service_not_found");
    world.platform().shared().service_servers.running.erase("blue");
    EXPECT_EQ(world.settle(databases.open_console(world.who(), {.service = "blue"})).error().code,
              "service_not_running");
}

}  // namespace
}  // namespace gasper
