#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <fstream>

#include "core/base/crypto.hpp"
#include "core/store/accounts.hpp"
#include "core/store/apps.hpp"
#include "core/store/database.hpp"
#include "core/store/jobs.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

class store_test : public testing::Test {
 protected:
    template <class F>
    auto in(F fn) {
        asio::io_context io;
        auto future = asio::co_spawn(io, db_.transaction(std::move(fn)), asio::use_future);
        io.run();
        return future.get();
    }

    app make_app(const std::string& name) {
        return in([&](SQLite::Database& db) {
            const auto who = store::find_user(db, "ann") ? store::find_user(db, "ann")->user.id
                                                         : store::add_user(db, "ann", "", false);
            store::add_app(db, name, who);
            return *store::find_app(db, name);
        });
    }

    release serve(const app& a, const std::string& image, config_vars config = {}) {
        return in([&](SQLite::Database& db) {
            auto r = store::add_release(db, box_,
                                        {.app = a.id,
                                         .description = "test",
                                         .user = "ann",
                                         .config = config,
                                         .code = {"", image},
                                         .processes = {{"web", "run"}}});
            store::make_current(db, r, "static", {{"web", 1}});
            return r;
        });
    }

    test::temporary_directory dir_;
    secret_box box_{{1, 2, 3}};
    database db_{dir_.path() / "gasper.db"};
};

TEST_F(store_test, numbers_releases_per_app) {
    const auto a = make_app("one"), b = make_app("two");
    EXPECT_EQ(serve(a, "i").version, 1);
    EXPECT_EQ(serve(a, "i").version, 2);
    EXPECT_EQ(serve(b, "i").version, 1);
}

TEST_F(store_test, gives_back_what_a_release_was) {
    const auto a = make_app("one");
    const auto r = serve(a, "stack:1", {{"SECRET", "s3cr3t"}, {"EMPTY", ""}});
    const auto again = in([&](SQLite::Database& db) { return *store::find_release(db, box_, a.id, 1); });
    EXPECT_EQ(again.id, r.id);
    EXPECT_EQ(again.config, (config_vars{{"SECRET", "s3cr3t"}, {"EMPTY", ""}}));
    EXPECT_EQ(again.code.image, "stack:1");
    EXPECT_EQ(again.processes, (process_types{{"web", "run"}}));
    EXPECT_EQ(again.state, release_state::succeeded);
}

TEST_F(store_test, keeps_no_config_value_in_clear_text_on_disk) {
    serve(make_app("one"), "i", {{"TOKEN", "needle-in-the-file"}});
    for (const char* name : {"gasper.db", "gasper.db-wal"}) {
        std::ifstream file(dir_.path() / name, std::ios::binary);
        const std::string bytes(std::istreambuf_iterator<char>(file), {});
        EXPECT_EQ(bytes.find("needle-in-the-file"), std::string::npos) << name;
    }
}

TEST_F(store_test, finds_the_release_before_the_current_one_that_ran) {
    const auto a = make_app("one");
    serve(a, "first");
    in([&](SQLite::Database& db) {
        const auto bad =
            store::add_release(db, box_, {.app = a.id, .description = "bad", .user = "ann", .code = {"", "i"}});
        store::fail_release(db, bad.id, "it broke");
    });
    const auto current = serve(a, "i");
    const auto before = in([&](SQLite::Database& db) { return store::release_before(db, box_, current); });
    ASSERT_TRUE(before);
    EXPECT_EQ(before->version, 1);
}

TEST_F(store_test, removes_an_app_with_all_that_belongs_to_it) {
    const auto a = make_app("one");
    serve(a, "i");
    in([&](SQLite::Database& db) {
        store::add_event(db, a.id, "hello");
        store::remove_app(db, a.id);
    });
    EXPECT_FALSE(in([&](SQLite::Database& db) { return store::find_app(db, "one"); }));
    EXPECT_EQ(in([&](SQLite::Database& db) { return db.execAndGet("SELECT count(*) FROM releases").getInt(); }), 0);
}

TEST_F(store_test, rolls_back_a_transaction_that_throws) {
    const auto broken = [](SQLite::Database& db) -> int {
        store::add_user(db, "eve", "", false);
        throw std::runtime_error("no");
    };
    EXPECT_THROW(in(broken), std::runtime_error);
    EXPECT_FALSE(in([](SQLite::Database& db) { return store::find_user(db, "eve"); }));
}

TEST_F(store_test, keeps_a_thousand_events_per_app) {
    const auto a = make_app("one");
    in([&](SQLite::Database& db) {
        for (int n = 0; n < 1100; ++n)
            store::add_event(db, a.id, std::to_string(n));
    });
    const auto kept = in([&](SQLite::Database& db) { return store::events_of(db, a.id, 0, 5000); });
    ASSERT_EQ(kept.size(), 1000u);
    EXPECT_EQ(kept.back().text, "1099");
}

TEST_F(store_test, refuses_a_database_of_a_newer_gasper) {
    const auto file = dir_.path() / "newer.db";
    { database first(file); }
    { SQLite::Database(file.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 9999"); }
    EXPECT_THROW(database second(file), std::runtime_error);
}

TEST_F(store_test, lists_jobs_that_never_ended) {
    const auto ids = in([](SQLite::Database& db) {
        const auto one = store::add_job(db, {.kind = "deploy", .key = "a", .input = "{}", .user = "ann"});
        const auto two = store::add_job(db, {.kind = "deploy", .key = "b", .input = "{}", .user = "ann"});
        store::set_job_step(db, one, "build");
        store::set_job_state(db, two, job_state::failed, "no");
        return std::pair(one, two);
    });
    const auto open = in([](SQLite::Database& db) { return store::unfinished_jobs(db); });
    ASSERT_EQ(open.size(), 1u);
    EXPECT_EQ(open[0].id, ids.first);
    EXPECT_EQ(open[0].step, "build");
    EXPECT_EQ(open[0].state, job_state::running);
}

class job_retention_test : public store_test {
 protected:
    job_id ended(const std::string& key, int days_ago) {
        return in([&](SQLite::Database& db) {
            const auto id = store::add_job(db, {.kind = "test", .key = key, .input = "{}", .user = "ann"});
            store::set_job_state(db, id, job_state::succeeded, "");
            const auto at = now() - std::chrono::hours(24 * days_ago);
            db.exec("UPDATE jobs SET finished = " + std::to_string(at.time_since_epoch().count()) +
                    " WHERE id = " + std::to_string(id.value));
            return id;
        });
    }
    std::vector<job_id> collect(int days, int most, int batch = 100) {
        return in([=](SQLite::Database& db) {
            return store::collect_jobs(db, {.before = now() - std::chrono::hours(24 * days), .most = most}, batch);
        });
    }
};

TEST_F(job_retention_test, old_jobs_go_and_young_and_unfinished_ones_stay) {
    const auto old = ended("app", 40), young = ended("app", 1);
    const auto open = in([](SQLite::Database& db) {
        return store::add_job(db,
                              {.kind = "test", .key = "app", .input = "{}", .state = job_state::running, .user = "a"});
    });
    EXPECT_EQ(collect(30, 100), std::vector{old});
    EXPECT_TRUE(in([&](SQLite::Database& db) { return store::find_job(db, young); }));
    EXPECT_TRUE(in([&](SQLite::Database& db) { return store::find_job(db, open); }));
}

TEST_F(job_retention_test, the_newest_of_each_app_stay_whatever_their_keys) {
    const auto first = ended("app", 0), second = ended("app/run.1", 0), third = ended("app/run.2", 0);
    const auto other = ended("application", 0);
    EXPECT_EQ(collect(30, 2), std::vector{first});
    EXPECT_EQ(in([](SQLite::Database& db) { return store::jobs_of(db, "app", 10); }).size(), 2u);
    EXPECT_TRUE(in([&](SQLite::Database& db) { return store::find_job(db, other); }));
    EXPECT_LT(second, third);
}

TEST_F(job_retention_test, what_a_release_or_another_job_refers_to_stays) {
    const auto a = make_app("app");
    const auto of_release = ended("app", 40), of_build = ended("app", 40), parent = ended("app", 40);
    in([&](SQLite::Database& db) {
        build released{.app = a.id, .job = of_release, .commit = "c"},
            lost{.app = a.id, .job = of_build, .commit = "d"};
        for (auto* b : {&released, &lost}) {
            b->id = store::add_build(db, *b);
            b->state = build_state::failed;
            store::finish_build(db, *b);
        }
        store::add_release(db, box_, {.app = a.id, .build = released.id, .description = "x", .user = "ann"});
        store::add_job(db, {.parent = parent, .kind = "test", .key = "app", .input = "{}", .user = "ann"});
        db.exec("UPDATE builds SET finished = 1");
    });
    EXPECT_EQ(collect(30, 100), std::vector{of_build});
    EXPECT_EQ(in([&](SQLite::Database& db) { return store::builds_of(db, a.id, 10); }).size(), 1u);
}

TEST_F(job_retention_test, goes_in_batches) {
    for (int n = 0; n < 5; ++n)
        ended("app", 40);
    EXPECT_EQ(collect(30, 100, 2).size(), 2u);
    EXPECT_EQ(collect(30, 100, 2).size(), 2u);
    EXPECT_EQ(collect(30, 100, 2).size(), 1u);
}

TEST_F(job_retention_test, jobs_of_a_destroyed_app_go_with_their_steps) {
    const auto id = ended("app", 0), part = ended("app/run.1", 0), other = ended("apple", 0);
    in([&](SQLite::Database& db) { store::set_job_step(db, id, "a step"); });
    EXPECT_EQ(in([](SQLite::Database& db) { return store::remove_jobs_of(db, "app"); }), (std::vector{id, part}));
    EXPECT_TRUE(in([&](SQLite::Database& db) { return store::steps_of(db, id); }).empty());
    EXPECT_TRUE(in([&](SQLite::Database& db) { return store::find_job(db, other); }));
}

}  // namespace
}  // namespace gasper
