#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "core/store/accounts.hpp"
#include "core/store/apps.hpp"
#include "core/store/autoscaling.hpp"
#include "core/store/database.hpp"
#include "core/store/nodes.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class scaling_store_test : public testing::Test {
 protected:
    template <class T>
    T settle(task<T> work) {
        asio::io_context io;
        auto future = asio::co_spawn(io, std::move(work), asio::use_future);
        io.run();
        return future.get();
    }
    template <class F>
    auto in(F fn) {
        return settle(db_.transaction(std::move(fn)));
    }

    test::temporary_directory dir_;
    database db_{dir_.path() / "gasper.db"};
};

TEST_F(scaling_store_test, what_was_said_of_nodes_comes_back) {
    in([](SQLite::Database& db) {
        store::set_node_settings(db, "a", {.draining = true, .labels = {{"disk", "ssd"}}});
        store::set_node_settings(db, "b", {});
        store::set_node_settings(db, "b", {.draining = true});
    });
    const auto all = in([](SQLite::Database& db) { return store::all_node_settings(db); });
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all.at("a"), (store::node_settings{.draining = true, .labels = {{"disk", "ssd"}}}));
    EXPECT_TRUE(all.at("b").draining);
}

TEST_F(scaling_store_test, rules_come_back_and_go_with_their_app) {
    const autoscale_rule rule{.least = 2, .most = 7, .signal = scale_signal::cpu, .target = 62.5};
    const auto id = in([&](SQLite::Database& db) {
        const auto app = store::add_app(db, "hello", store::add_user(db, "ann", "", false));
        store::set_autoscale_rule(db, app, "web", {});
        store::set_autoscale_rule(db, app, "web", rule);
        store::set_autoscale_rule(db, app, "worker", {.most = 3});
        return app;
    });
    EXPECT_EQ(in([&](SQLite::Database& db) { return store::autoscale_rules_of(db, id); }).at("web"), rule);
    EXPECT_EQ(in([](SQLite::Database& db) { return store::all_autoscale_rules(db); }).at(id).size(), 2u);
    EXPECT_TRUE(in([&](SQLite::Database& db) { return store::remove_autoscale_rule(db, id, "worker"); }));
    EXPECT_FALSE(in([&](SQLite::Database& db) { return store::remove_autoscale_rule(db, id, "worker"); }));
    in([](SQLite::Database& db) { db.exec("DELETE FROM apps"); });
    EXPECT_TRUE(in([](SQLite::Database& db) { return store::all_autoscale_rules(db); }).empty());
}

TEST_F(scaling_store_test, a_mark_is_seen_by_who_opens_the_file_next_and_is_whole_or_not_there) {
    const auto names = [](SQLite::Database& db) { return store::all_node_settings(db).size(); };
    const auto good = [](SQLite::Database& db) { store::set_node_settings(db, "a", {}); };
    const auto bad = [](SQLite::Database& db) {
        store::set_node_settings(db, "b", {});
        throw std::runtime_error("half way");
    };
    settle(db_.mark(good));
    EXPECT_THROW(settle(db_.mark(bad)), std::runtime_error);
    database next(dir_.path() / "gasper.db");
    EXPECT_EQ(settle(next.read(names)), 1u);
}

}  // namespace
}  // namespace gasper
