// What a subscriber reports over the feed, and what the publisher answers from it.
#include <gtest/gtest.h>

#include "core/base/task_scope.hpp"
#include "core/tables/follower.hpp"
#include "core/tables/publisher.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using namespace std::chrono_literals;
using test::run_task;
using test::run_until;

table routed_to(std::vector<std::string> addresses) {
    table t;
    t.routes = {{"app", {"app.test"}, {}, false}};
    for (auto& a : addresses)
        t.routes[0].instances.push_back({"web.1", std::move(a), 5000});
    return t;
}

/// Says what the test put there; whatever was not written comes again.
struct scripted_source final : report_source {
    feed_report next;
    int asked{0}, written{0};
    feed_report next_report(bool) override {
        ++asked;
        return next;
    }
    void reported() override { ++written; }
    deadline::clock::time_point next_due() const override { return deadline::clock::time_point::max(); }
};

class feed_report_test : public ::testing::Test {
 protected:
    struct router_process {
        router_process(feed_report_test& t, bool reports)
            : scope(t.io.get_executor(), [](auto& name, auto& what) { ADD_FAILURE() << name << ": " << what; }),
              io(t.io),
              follower(t.io.get_executor(), {{}, t.dir / "feed", "router"}, t.log, [](auto) { return result<>(); }) {
            source.next.leaving.emplace();
            if (reports) follower.report_from(source);
            scope.spawn("follower", follower.run());
        }
        ~router_process() { run_task(io, scope.stop(deadline::after(5s))); }
        void say(std::map<std::string, std::uint64_t> in_flight) {
            source.next.leaving->in_flight = std::move(in_flight);
            follower.report_soon();
        }

        scripted_source source;
        task_scope scope;
        asio::io_context& io;
        table_follower follower;
    };

    feed_report_test() { scope.spawn("publisher", tables.run()); }
    ~feed_report_test() override { run_task(io, scope.stop(deadline::after(5s))); }

    bool apply(table t) {
        const auto version = tables.publish(std::move(t));
        return run_task(io, tables.applied("router", version, deadline::after(5s)));
    }
    bool drained(std::chrono::milliseconds within, std::chrono::milliseconds blind = 5s) {
        return run_task(io, tables.drained("router", old_instance, blind, deadline::after(within)));
    }

    const std::string old_instance = "10.0.0.1:5000";
    test::temporary_directory dir;
    asio::io_context io;
    logger log{"test", log_level::error};
    task_scope scope{io.get_executor(), [](auto& name, auto& what) { ADD_FAILURE() << name << ": " << what; }};
    table_publisher tables{io.get_executor(), {dir / "tables.json", dir / "feed"}, log};
};

TEST_F(feed_report_test, drained_returns_when_the_last_request_has_ended_and_not_before) {
    router_process router(*this, true);
    ASSERT_TRUE(apply(routed_to({"10.0.0.1"})));
    router.source.next.leaving->in_flight = {{old_instance, 2}};
    ASSERT_TRUE(apply(routed_to({"10.0.0.2"})));
    EXPECT_EQ(tables.in_flight("router", old_instance), 2u);
    EXPECT_EQ(tables.in_flight("router", "10.0.0.9:5000"), 0u);
    EXPECT_FALSE(drained(50ms));
    std::optional<bool> ended;
    scope.spawn("drain", [](auto& p, auto& at, auto& out) -> task<> {
        out = co_await p.drained("router", at, 5s, deadline::after(30s));
    }(tables, old_instance, ended));
    router.say({{old_instance, 1}});
    ASSERT_TRUE(run_until(io, [&] { return tables.in_flight("router", old_instance) == 1; }));
    EXPECT_FALSE(ended);
    router.say({});
    ASSERT_TRUE(run_until(io, [&] { return ended.has_value(); }));
    EXPECT_TRUE(*ended);
}

TEST_F(feed_report_test, is_not_drained_while_a_table_names_it) {
    router_process router(*this, true);
    ASSERT_TRUE(apply(routed_to({"10.0.0.1"})));
    EXPECT_FALSE(drained(50ms)) << "requests may come any time";
    ASSERT_TRUE(apply(routed_to({})));
    EXPECT_TRUE(drained(5s));
}

TEST_F(feed_report_test, knows_nothing_before_the_table_without_it_is_applied) {
    apply(routed_to({}));
    EXPECT_EQ(tables.in_flight("router", old_instance), std::nullopt) << "nobody is there";
    router_process router(*this, true);
    ASSERT_TRUE(run_until(io, [&] { return tables.in_flight("router", old_instance) == 0u; }));
    tables.publish(routed_to({}));
    EXPECT_EQ(tables.in_flight("router", old_instance), std::nullopt) << "not applied yet";
}

TEST_F(feed_report_test, gives_up_after_the_blind_time_when_nobody_can_say) {
    tables.publish(routed_to({}));
    const auto begun = deadline::clock::now();
    EXPECT_FALSE(drained(10s, 30ms)) << "no router";
    router_process silent(*this, false);
    ASSERT_TRUE(apply(routed_to({})));
    EXPECT_FALSE(drained(10s, 30ms)) << "a router that keeps no count";
    EXPECT_LT(deadline::clock::now() - begun, 5s);
}

TEST_F(feed_report_test, waits_for_every_router) {
    router_process one(*this, true), two(*this, true);
    ASSERT_TRUE(run_until(io, [&] { return tables.subscribers().size() == 2; }));
    one.source.next.leaving->in_flight = {{old_instance, 1}};
    two.source.next.leaving->in_flight = {{old_instance, 1}};
    ASSERT_TRUE(apply(routed_to({})));
    EXPECT_EQ(tables.in_flight("router", old_instance), 2u);
    one.say({});
    ASSERT_TRUE(run_until(io, [&] { return tables.in_flight("router", old_instance) == 1u; }));
    EXPECT_FALSE(drained(30ms));
}

TEST_F(feed_report_test, forgets_the_requests_of_a_router_that_died) {
    auto dying = std::make_unique<router_process>(*this, true);
    router_process living(*this, true);
    ASSERT_TRUE(run_until(io, [&] { return tables.subscribers().size() == 2; }));
    dying->source.next.leaving->in_flight = {{old_instance, 5}};
    ASSERT_TRUE(apply(routed_to({})));
    EXPECT_EQ(tables.in_flight("router", old_instance), 5u);
    dying.reset();
    EXPECT_TRUE(drained(5s));
}

TEST_F(feed_report_test, brings_wakes_idle_times_and_traffic_to_who_listens) {
    std::vector<std::string> woken;
    std::map<std::string, std::chrono::milliseconds> idle;
    app_traffic sum;
    tables.on_report({.wake = [&](const auto& app) { woken.push_back(app); },
                      .idle = [&](const auto& app, auto since) { idle[app] = since; },
                      .traffic = [&](const auto&, const auto& more) { sum += more; }});
    router_process router(*this, true);
    router.source.next.wake = {"a", "b"};
    router.source.next.idle = {{"c", 1500ms}};
    router.source.next.traffic["d"].requests = 4;
    ASSERT_TRUE(run_until(io, [&] { return sum.requests == 4; }));
    EXPECT_EQ(woken, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(idle, (std::map<std::string, std::chrono::milliseconds>{{"c", 1500ms}}));
    EXPECT_EQ(router.source.written, 1);
}

TEST_F(feed_report_test, makes_one_report_of_many_announcements) {
    router_process router(*this, true);
    ASSERT_TRUE(run_until(io, [&] { return router.source.written == 1; }));
    const int before = router.source.asked;
    for (int i = 0; i < 1000; ++i)
        router.follower.report_soon();
    ASSERT_TRUE(run_until(io, [&] { return router.source.written > 1; }));
    EXPECT_LE(router.source.asked, before + 2);
}

}  // namespace
}  // namespace gasper
