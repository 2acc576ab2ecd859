#include "core/store/audit.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "core/base/crypto.hpp"
#include "core/store/accounts.hpp"
#include "core/store/apps.hpp"
#include "core/store/database.hpp"
#include "core/store/jobs.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using ::testing::ElementsAre;

class audit_test : public testing::Test {
 protected:
    static void SetUpTestSuite() { init_crypto(); }

    template <class F>
    auto in(F fn) {
        asio::io_context io;
        auto future = asio::co_spawn(io, db_.transaction(std::move(fn)), asio::use_future);
        io.run();
        return future.get();
    }

    std::vector<std::string> actions(store::audit_query query = {}) {
        std::vector<std::string> all;
        for (const auto& e : in([&](SQLite::Database& db) { return store::find_audit(db, query); }))
            all.push_back(e.app + " " + e.action + " by " + e.user);
        return all;
    }

    void add(const std::string& user, const std::string& action, const std::string& app) {
        in([&](SQLite::Database& db) {
            store::add_audit(db, user, action, app, "");
            return 0;
        });
    }

    test::temporary_directory dir_;
    database db_{dir_.path() / "gasper.db"};
};

TEST_F(audit_test, writes_jobs_down_when_they_start_and_end) {
    in([](SQLite::Database& db) {
        const auto id =
            store::add_job(db, {.kind = "deploy", .key = "hello", .input = "{\"SECRET\":1}", .user = "ann"});
        store::set_job_step(db, id, "build");
        store::set_job_state(db, id, job_state::failed, "it does not compile");
        store::set_job_state(db, id, job_state::failed, "said again");
        return 0;
    });
    EXPECT_THAT(actions(), ElementsAre("hello deploy.failed by ann", "hello deploy.started by ann"));
    const auto newest = in([](SQLite::Database& db) { return store::find_audit(db, {}); }).front();
    EXPECT_EQ(newest.detail, "job 1: it does not compile");
    EXPECT_GT(newest.at, sys_time{});
}

TEST_F(audit_test, writes_releases_down) {
    const secret_box box{{1, 2, 3}};
    in([&](SQLite::Database& db) {
        const auto app = store::add_app(db, "hello", store::add_user(db, "ann", "", false));
        store::add_release(
            db, box, {.app = app, .description = "Set FOO config var", .user = "bob", .config = {{"FOO", "hidden"}}});
        return 0;
    });
    const auto entries = in([](SQLite::Database& db) { return store::find_audit(db, {.app = "hello"}); });
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0].action, "release.created");
    EXPECT_EQ(entries[0].detail, "v1: Set FOO config var");
    EXPECT_EQ(entries[0].user, "bob");
}

TEST_F(audit_test, cannot_be_changed_or_shortened) {
    add("ann", "app.created", "hello");
    const auto run = [&](const char* sql) {
        in([&](SQLite::Database& db) {
            db.exec(sql);
            return 0;
        });
    };
    EXPECT_THROW(run("UPDATE audit SET user = 'bob'"), std::exception);
    EXPECT_THROW(run("DELETE FROM audit"), std::exception);
    EXPECT_EQ(actions().size(), 1u);
}

TEST_F(audit_test, shows_others_only_what_is_theirs) {
    const auto ann = in([](SQLite::Database& db) {
        const auto id = store::add_user(db, "ann", "", false);
        store::add_app(db, "hers", id);
        return id;
    });
    add("ann", "key.added", "");
    add("bob", "app.created", "his");
    add("bob", "app.restarted", "hers");
    EXPECT_THAT(actions({.of = ann}), ElementsAre("hers app.restarted by bob", " key.added by ann"));
    EXPECT_TRUE(actions({.app = "his", .of = ann}).empty());
    EXPECT_EQ(actions().size(), 3u);
}

TEST_F(audit_test, is_read_in_pages_and_followed) {
    for (int i = 0; i < 5; ++i)
        add("ann", "a" + std::to_string(i), "");
    EXPECT_THAT(actions({.before = 3, .most = 1}), ElementsAre(" a1 by ann"));
    const auto later = in([](SQLite::Database& db) { return store::audit_after(db, 3, 10); });
    ASSERT_EQ(later.size(), 2u);
    EXPECT_EQ(later[0].action, "a3");
    EXPECT_EQ(in([](SQLite::Database& db) { return store::newest_audit(db); }), 5);
}

}  // namespace
}  // namespace gasper
