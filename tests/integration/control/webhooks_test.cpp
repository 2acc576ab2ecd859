#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "control/audit.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gasper {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class webhooks_test : public testing::Test {
 protected:
    static void SetUpTestSuite() { init_crypto(); }

    void SetUp() override {
        world.deployed("hello");
        world.scope().spawn("webhooks", world.platform().webhooks().run());
    }

    control::new_webhook add(const std::string& actions = "") {
        return world
            .settle(world.platform().webhooks().add(
                world.who(), "hello", "http://127.0.0.1:" + std::to_string(server.port()) + "/in", actions))
            .value();
    }

    void happens(const std::string& action, const std::string& app = "hello") {
        world.run(control::record(world.platform().shared(), "ann", action, app, "because"));
    }

    std::vector<std::string> bodies() {
        std::lock_guard lock(mutex);
        std::vector<std::string> all;
        for (const auto& r : requests)
            all.push_back(r.substr(r.find("\r\n\r\n") + 4));
        return all;
    }

    std::vector<std::string> actions() {
        std::vector<std::string> all;
        for (const auto& b : bodies())
            all.push_back(nlohmann::json::parse(b).at("action"));
        return all;
    }

    std::mutex mutex;
    std::vector<std::string> requests;
    int failing{0};  // so many answers are 500
    test::temporary_directory dir;
    test::scripted_cluster cluster;
    test::control_world world{dir.path(), cluster};
    test::scripted_upstream server{[this](test::tcp_peer& peer) {
        auto text = peer.read_message();
        std::lock_guard lock(mutex);
        if (failing > 0) {
            --failing;
            peer.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
            return;
        }
        requests.push_back(text);
        peer.send("HTTP/1.1 204 Fine\r\n\r\n");
    }};
};

TEST_F(webhooks_test, gets_what_it_asked_for_in_order_and_signed) {
    happens("deploy.failed");  // before it was made
    const auto made = add("deploy.*,app.crashed");
    for (const char* action : {"deploy.started", "app.created", "app.crashed"})
        happens(action);
    happens("deploy.failed", "another");
    happens("deploy.succeeded");
    ASSERT_TRUE(world.until([&] { return bodies().size() >= 3; }));
    EXPECT_THAT(actions(), ElementsAre("deploy.started", "app.crashed", "deploy.succeeded"));
    std::lock_guard lock(mutex);
    const auto& first = requests.front();
    EXPECT_THAT(first, HasSubstr("POST /in HTTP/1.1\r\n"));
    EXPECT_THAT(first, HasSubstr("X-Gasper-Event: deploy.started\r\n"));
    const auto body = first.substr(first.find("\r\n\r\n") + 4);
    EXPECT_THAT(first, HasSubstr("X-Gasper-Signature: " + control::signature_of(made.secret, body) + "\r\n"));
}

TEST_F(webhooks_test, tries_again_and_loses_nothing) {
    add("deploy.*");
    {
        std::lock_guard lock(mutex);
        failing = 1;
    }
    happens("deploy.failed");
    happens("deploy.succeeded");
    ASSERT_TRUE(world.until([&] { return bodies().size() >= 2; }));
    EXPECT_THAT(actions(), ElementsAre("deploy.failed", "deploy.succeeded"));
    ASSERT_TRUE(world.until([&] {
        const auto hooks = world.settle(world.platform().webhooks().list(world.who(), "hello")).value();
        return hooks.front().failures == 0 && hooks.front().last_error.empty();
    }));
}

TEST_F(webhooks_test, one_that_failed_for_a_day_gives_up_at_once_all_that_are_a_day_old) {
    auto hook = add("deploy.*").hook;
    {
        std::lock_guard lock(mutex);
        failing = 1;
    }
    world.store([&](SQLite::Database& db) {
        const auto long_ago = now() - std::chrono::hours(25);
        SQLite::Statement old(db,
                              "INSERT INTO audit (at, user, action, app) VALUES (?, 'ann', 'deploy.failed', 'hello')");
        for (int n = 0; n < 3; ++n) {
            old.bind(1, std::int64_t{long_ago.time_since_epoch().count()});
            old.exec();
            old.reset();
        }
        store::add_audit(db, "ann", "deploy.succeeded", "hello", "");
        hook.position = store::webhooks_of(db, hook.app).front().position;
        hook.failures = 300;
        hook.failing_since = long_ago;
        store::set_delivery(db, hook);
    });
    ASSERT_TRUE(world.until([&] { return !bodies().empty(); }));
    EXPECT_THAT(actions(), ElementsAre("deploy.succeeded")) << "the others were not even tried";
}

TEST_F(webhooks_test, one_that_goes_on_failing_keeps_what_is_young) {
    auto hook = add("deploy.*").hook;
    {
        std::lock_guard lock(mutex);
        failing = 1;
    }
    world.store([&](SQLite::Database& db) {
        store::add_audit(db, "ann", "deploy.succeeded", "hello", "");
        hook.position = store::webhooks_of(db, hook.app).front().position;
        hook.failing_since = now() - std::chrono::hours(25);
        hook.failures = 1;
        store::set_delivery(db, hook);
    });
    ASSERT_TRUE(world.until([&] { return !bodies().empty(); })) << "it was given up";
    EXPECT_THAT(actions(), ElementsAre("deploy.succeeded"));
}

TEST_F(webhooks_test, only_an_admins_goes_to_a_private_address) {
    control::poster poster;
    const auto to = control::parse_web_address("http://127.0.0.1:" + std::to_string(server.port())).value();
    const auto soon = deadline::after(std::chrono::seconds(5));
    const auto refused = world.settle(poster.post(to, {}, "{}", false, soon));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("private"));
    EXPECT_EQ(server.connections(), 0);
    EXPECT_EQ(world.settle(poster.post(to, {}, "{}", true, soon)).value(), 204);
}

TEST_F(webhooks_test, are_few_and_well_formed) {
    for (std::size_t i = 0; i < control::webhooks::most_of_app; ++i)
        add();
    auto& hooks = world.platform().webhooks();
    const std::string url = "https://hooks.example.org/";
    EXPECT_EQ(world.settle(hooks.add(world.who(), "hello", url, "")).error().code, "too_many_webhooks");
    EXPECT_EQ(world.settle(hooks.add(world.who(), "hello", "gopher://x", "")).error().code, "webhook_url");
    EXPECT_EQ(world.settle(hooks.add(world.who(), "hello", url, "de*ploy")).error().code, "webhook_events");
    const auto all = world.settle(hooks.list(world.who(), "hello")).value();
    EXPECT_TRUE(world.settle(hooks.remove(world.who(), "hello", all.front().id)));
    EXPECT_EQ(world.settle(hooks.remove(world.who(), "hello", all.front().id)).error().code, "webhook_not_found");
}

}  // namespace
}  // namespace gasper
