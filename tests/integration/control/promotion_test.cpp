// An attachment gets its kind's own variable, in a control plane of scripted parts. The servers run nowhere: a
// promotion needs none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/services/services.hpp"
#include "core/store/services.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class promotion_test : public testing::Test {
 protected:
    void SetUp() override {
        world.deployed("hello");
        ASSERT_TRUE(world.settle(world.platform().recover()));
        ASSERT_TRUE(world.until([&] { return world.routed("hello").size() == 1; }));
        app_ = app_now().id;
        attach("orders", "DATABASE_URL");
        attach("blue", "BLUE_URL");
    }

    app app_now() {
        return *world.read([](SQLite::Database& db) { return store::find_app(db, "hello"); });
    }
    release current() {
        return *world.read([&](SQLite::Database& db) {
            return store::find_release(db, world.box(), store::find_app(db, "hello")->current);
        });
    }

    void attach(const std::string& name, const std::string& variable, bool active = true,
                const std::string& kind = "postgres") {
        world.store([&](SQLite::Database& db) {
            auto s = store::find_service(db, name);
            if (!s) {
                service made{.name = name, .kind = kind, .version = "15", .plan = "small", .owner = world.who().id};
                made.id = store::add_service(db, made);
                made.made = true;
                store::update_service(db, made);
                s = made;
            }
            store::add_attachment(db, world.box(),
                                  {.service = s->id,
                                   .app = app_,
                                   .variable = variable,
                                   .user = "u_" + name + "_" + variable,
                                   .password = "secret",
                                   .active = active});
        });
    }

    // "BLUE_URL of blue", by variable.
    std::vector<std::string> attachments() {
        return world.read([&](SQLite::Database& db) {
            std::vector<std::string> all;
            for (const auto& a : store::attachments_of(db, world.box(), app_))
                all.push_back(a.variable + " of " + a.service_name);
            return all;
        });
    }

    result<job_id> promote(const std::string& name, const std::string& variable = "") {
        control::services databases(world.platform());
        return world.settle(databases.promote(world.who(), name, "hello", variable));
    }

    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::control_world world{dir.path(), cluster};
    app_id app_;
};

TEST_F(promotion_test, gives_the_plain_variable_and_calls_the_former_by_its_own_name_in_one_release) {
    const int before = current().version;
    const auto job = promote("blue");
    ASSERT_TRUE(job) << job.error().message;
    EXPECT_EQ(world.finish(*job), job_state::succeeded);
    EXPECT_THAT(attachments(), ElementsAre("DATABASE_URL of blue", "ORDERS_URL of orders"));
    const auto r = current();
    EXPECT_EQ(r.version, before + 1);
    EXPECT_EQ(r.description, "Promote blue to DATABASE_URL");
    EXPECT_THAT(r.config.at("DATABASE_URL"), HasSubstr("u_blue_BLUE_URL:secret@blue.db.internal:5432"));
    EXPECT_THAT(r.config.at("ORDERS_URL"), HasSubstr("u_orders_DATABASE_URL:secret@orders.db.internal:5432"));
    EXPECT_FALSE(r.config.contains("BLUE_URL"));
    // A rollback to it knows which variables are attachments'.
    const auto marked = world.read([&](SQLite::Database& db) { return store::service_variables_of(db, r.id); });
    EXPECT_THAT(marked, testing::IsSupersetOf({"DATABASE_URL", "ORDERS_URL"}));

    ASSERT_EQ(world.finish(promote("orders").value()), job_state::succeeded);
    EXPECT_THAT(attachments(), ElementsAre("BLUE_URL of blue", "DATABASE_URL of orders"));
}

TEST_F(promotion_test, changes_nothing_when_its_release_does_not_come) {
    cluster.never_ready = {"web.1"};
    const auto config = current().config;
    EXPECT_EQ(world.finish(promote("blue").value()), job_state::failed);
    EXPECT_THAT(attachments(), ElementsAre("BLUE_URL of blue", "DATABASE_URL of orders"));
    EXPECT_EQ(current().config, config);
}

TEST_F(promotion_test, refuses_what_is_plain_already_and_what_is_ambiguous_or_not_there) {
    EXPECT_EQ(promote("orders").error().code, "promoted_already");
    EXPECT_EQ(promote("green").error().code, "service_not_found");
    EXPECT_EQ(promote("blue", "GREEN_URL").error().code, "attachment_not_found");
    attach("blue", "GREEN_URL");
    EXPECT_EQ(promote("blue").error().code, "attachment_ambiguous");
    EXPECT_TRUE(promote("blue", "GREEN_URL"));
}

TEST_F(promotion_test, takes_no_variable_that_a_person_set_or_that_is_being_attached) {
    attach("cache", "CACHE_URL", true, "redis");
    attach("second", "REDIS_URL", false, "redis");
    EXPECT_THAT(promote("cache").error().message, HasSubstr("second is just being attached"));
    world.store([&](SQLite::Database& db) {
        for (const auto& a : store::attachments_of(db, world.box(), app_))
            if (a.variable == "REDIS_URL") store::remove_attachment(db, a.id);
    });
    const auto set = world.settle(world.platform().apps().set_config(world.who(), "hello", {{"REDIS_URL", "mine"}}));
    ASSERT_EQ(world.finish(set.value()), job_state::succeeded);
    EXPECT_THAT(promote("cache").error().message, HasSubstr("config:unset hello REDIS_URL"));
}

// Jobs of an app run one after the other: the second finds what the first made.
TEST_F(promotion_test, of_two_that_wait_the_second_goes_by_what_the_first_left) {
    cluster.slow_starts = {"web.1"};
    const auto first = promote("blue").value(), second = promote("blue").value();
    cluster.slow_starts.clear();
    EXPECT_EQ(world.finish(first), job_state::succeeded);
    EXPECT_EQ(world.finish(second), job_state::failed);
    EXPECT_THAT(attachments(), ElementsAre("DATABASE_URL of blue", "ORDERS_URL of orders"));
}

}  // namespace
}  // namespace gasper
