// Log drains against scripted servers: syslog over TCP and TLS, HTTPS; cut off, slow, with a wrong certificate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <mutex>
#include <nlohmann/json.hpp>

#include "control/drains/drains.hpp"
#include "core/store/audit.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/tls_server.hpp"

namespace gasper {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// What a syslog server got, by its messages' texts.
class received {
 public:
    void add(const std::string& message) {
        std::lock_guard lock(mutex_);
        all_.push_back(message);
    }
    std::vector<std::string> messages() const {
        std::lock_guard lock(mutex_);
        return all_;
    }
    /// How often a message ended so.
    int count(const std::string& text) const {
        const auto all = messages();
        return static_cast<int>(
            std::count_if(all.begin(), all.end(), [&](const auto& m) { return m.ends_with("] " + text); }));
    }

 private:
    mutable std::mutex mutex_;
    std::vector<std::string> all_;
};

/// Reads messages until `most`, or until the client ends.
template <class Peer>
void read_messages(Peer& peer, received& into, int most = 1 << 30) {
    for (; most > 0; --most) {
        const auto length = peer.read_until(" ");
        if (length.empty()) return;
        into.add(peer.read_exactly(std::stoul(length)));
    }
}

class drains_test : public testing::Test {
 protected:
    static void SetUpTestSuite() { init_crypto(); }

    void SetUp() override {
        std::ofstream(dir.path() / "ca.pem") << localhost.chain;
        ::setenv("SSL_CERT_FILE", (dir.path() / "ca.pem").c_str(), 1);
        begin();
    }
    void TearDown() override {
        world.reset();
        ::unsetenv("SSL_CERT_FILE");
    }

    void begin() {
        world.reset();
        world.emplace(dir.path(), cluster, [](control::options& o) { o.log_size = 1 << 20; });
        if (!deployed) world->deployed("hello");
        deployed = true;
        world->run(control::begin_logs(world->platform().shared()));
        world->scope().spawn("drains", world->platform().drains().run());
    }
    control::drain_view add(const std::string& url) {
        return world->settle(world->platform().drains().add(world->who(), "hello", url)).value();
    }
    control::drain_view view() {
        return world->settle(world->platform().drains().list(world->who(), "hello")).value().at(0);
    }
    void say(const std::string& text) {
        world->platform().shared().logs->store().append("hello",
                                                        {.at = log_now(), .source = "app[web.1]", .text = text});
    }
    /// Within a minute: a drain that failed is tried again after seconds.
    bool eventually(const std::function<bool()>& condition) {
        for (int turns = 0; turns < 6; ++turns)
            if (world->until(condition)) return true;
        return false;
    }
    static std::string at(const std::string& scheme, std::uint16_t port) {
        return scheme + "://localhost:" + std::to_string(port);
    }

    const certificate localhost = test::self_signed("localhost");
    received got;
    bool deployed{false};
    test::temporary_directory dir;
    test::scripted_cluster cluster;
    std::optional<test::control_world> world;
};

TEST_F(drains_test, sends_what_comes_in_order_over_one_connection) {
    test::scripted_upstream server([&](test::tcp_peer& peer) { read_messages(peer, got); });
    say("before");
    world->run(world->platform().shared().logs->store().flushed());
    add(at("syslog", server.port()));
    for (int i = 0; i < 1000; ++i)
        say("line " + std::to_string(i));
    ASSERT_TRUE(eventually([&] { return got.count("line 999") == 1; }));
    const auto all = got.messages();
    ASSERT_EQ(all.size(), 1000u);
    for (int i = 0; i < 1000; ++i)
        EXPECT_TRUE(all[static_cast<std::size_t>(i)].ends_with("] line " + std::to_string(i)));
    EXPECT_THAT(all[0], HasSubstr(" hello app web.1 - [gasper@32473 app=\"hello\""));
    EXPECT_EQ(server.connections(), 1);
    EXPECT_EQ(view().state, "well");
}

TEST_F(drains_test, speaks_tls_to_a_server_of_the_right_name) {
    test::scripted_upstream server([&](test::tcp_peer& peer) {
        test::tls_server_end tls(peer, localhost);
        if (tls.accepted()) read_messages(tls, got);
    });
    add(at("syslog+tls", server.port()));
    say("secret");
    EXPECT_TRUE(eventually([&] { return got.count("secret") == 1; }));
}

TEST_F(drains_test, says_nothing_to_a_server_with_a_wrong_certificate) {
    const auto other = test::self_signed("other.example");
    test::scripted_upstream server([&](test::tcp_peer& peer) {
        test::tls_server_end tls(peer, other);
        if (tls.accepted()) read_messages(tls, got);
    });
    add(at("syslog+tls", server.port()));
    say("secret");
    ASSERT_TRUE(eventually([&] { return server.connections() >= 2; })) << "it is tried again";
    EXPECT_TRUE(got.messages().empty());
    EXPECT_THAT(view().state, HasSubstr("localhost: "));
}

TEST_F(drains_test, sends_again_what_a_cut_connection_may_have_lost) {
    std::atomic<int> cuts{3};
    test::scripted_upstream server([&](test::tcp_peer& peer) {
        if (cuts-- > 0) {
            read_messages(peer, got, 2);
            peer.reset();
        } else {
            read_messages(peer, got);
        }
    });
    add(at("syslog", server.port()));
    for (int i = 0; i < 100; ++i)
        say("line " + std::to_string(i));
    // A server that cut the connection is found out with the next look.
    ASSERT_TRUE(eventually([&] { return got.count("line 99") > 0; }));
    for (int i = 0; i < 100; ++i)
        EXPECT_GE(got.count("line " + std::to_string(i)), 1) << i;
}

TEST_F(drains_test, goes_on_after_a_restart_with_what_it_had_not_sent) {
    std::atomic<bool> away{true};
    test::scripted_upstream server([&](test::tcp_peer& peer) {
        if (away) return peer.reset();
        read_messages(peer, got);
    });
    add(at("syslog", server.port()));
    for (int i = 0; i < 50; ++i)
        say("line " + std::to_string(i));
    ASSERT_TRUE(eventually([&] { return view().state != "well"; }));
    world->run(world->platform().shared().logs->store().flushed());
    begin();
    away = false;
    say("after");
    ASSERT_TRUE(eventually([&] { return got.count("after") >= 1; }));
    for (int i = 0; i < 50; ++i)
        EXPECT_GE(got.count("line " + std::to_string(i)), 1) << i;
}

TEST_F(drains_test, one_that_takes_nothing_delays_no_other_and_no_app) {
    std::shared_future<void> over;
    test::scripted_upstream silent([&](test::tcp_peer&) { over.wait(); });  // no handshake, no end
    test::scripted_upstream quick([&](test::tcp_peer& peer) { read_messages(peer, got); });
    std::promise<void> end;  // the first to go: then the silent one ends, too
    over = end.get_future();
    add(at("syslog+tls", silent.port()));
    add(at("syslog", quick.port()));
    for (int i = 0; i < 50; ++i)
        say("line " + std::to_string(i));
    EXPECT_TRUE(eventually([&] { return got.count("line 49") == 1; }));
}

TEST_F(drains_test, counts_and_tells_what_the_log_no_longer_had) {
    std::atomic<bool> away{true};
    test::scripted_upstream server([&](test::tcp_peer& peer) {
        if (away) return peer.reset();
        read_messages(peer, got);
    });
    add(at("syslog", server.port()));
    // Twice what the log keeps.
    for (int i = 0; i < 260; ++i)
        say(std::string(8000, 'x'));
    say("the newest");
    world->run(world->platform().shared().logs->store().flushed());
    away = false;
    ASSERT_TRUE(eventually([&] { return got.count("the newest") > 0 && view().dropped > 0; }));
    EXPECT_TRUE(eventually([&] {
        const auto all = got.messages();
        return std::any_of(all.begin(), all.end(), [](const auto& m) {
            return m.find(" hello gasper - ") != m.npos && m.find(" lines were dropped: ") != m.npos;
        });
    })) << "the drain itself is told";
}

TEST_F(drains_test, posts_batches_and_tries_again_until_they_are_taken) {
    std::atomic<int> failing{2};
    std::mutex mutex;
    std::vector<std::string> heads;
    test::scripted_upstream server([&](test::tcp_peer& peer) {
        const auto request = peer.read_message();
        if (failing-- > 0) {
            peer.send("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
            return;
        }
        const auto body = request.find("\r\n\r\n");
        std::lock_guard lock(mutex);
        heads.push_back(request.substr(0, body));
        for (const auto& line : nlohmann::json::parse(request.substr(body + 4)))
            got.add("] " + line.at("text").get<std::string>());
        peer.send("HTTP/1.1 204 Fine\r\n\r\n");
    });
    add("http://user:password@localhost:" + std::to_string(server.port()) + "/in?token=hidden");
    say("one");
    say("two");
    ASSERT_TRUE(eventually([&] { return got.count("two") == 1; }));
    EXPECT_EQ(got.count("one"), 1);
    std::lock_guard lock(mutex);
    EXPECT_THAT(heads.at(0), HasSubstr("POST /in?token=hidden HTTP/1.1"));
    EXPECT_THAT(heads.at(0), HasSubstr("Authorization: Basic dXNlcjpwYXNzd29yZA=="));
}

TEST_F(drains_test, shows_and_writes_down_no_secret) {
    const auto made = add("https://user:password@localhost:9/in?token=hidden");
    EXPECT_EQ(made.url, "https://localhost:9/in");
    const auto entries = world->store([](SQLite::Database& db) { return store::audit_after(db, 0, 1000); });
    for (const auto& e : entries) {
        EXPECT_THAT(e.detail, Not(HasSubstr("password")));
        EXPECT_THAT(e.detail, Not(HasSubstr("hidden")));
    }
    world->store([](SQLite::Database& db) {
        SQLite::Statement s(db, "SELECT url FROM drains");
        s.executeStep();
        EXPECT_THAT(s.getColumn(0).getString(), Not(HasSubstr("hidden")));
    });
}

TEST_F(drains_test, what_is_no_admins_does_not_go_to_private_addresses) {
    test::scripted_upstream server([&](test::tcp_peer& peer) { read_messages(peer, got); });
    auto bob = world->settle(world->platform().accounts().ensure_user("bob", "password", false)).value();
    ASSERT_TRUE(world->settle(world->platform().apps().create(bob, "bobs")));
    world->platform().shared().logs->admit("bobs");
    ASSERT_TRUE(world->settle(world->platform().drains().add(bob, "bobs", at("syslog", server.port()))));
    world->platform().shared().logs->store().append("bobs", {.at = log_now(), .source = "app[web.1]", .text = "x"});
    ASSERT_TRUE(eventually([&] {
        const auto all = world->settle(world->platform().drains().list(bob, "bobs")).value();
        return all.at(0).state.find("private") != std::string::npos;
    }));
    EXPECT_EQ(server.connections(), 0);
    EXPECT_FALSE(world->settle(world->platform().drains().add(bob, "bobs", "http://example.org/")));
    EXPECT_FALSE(world->settle(world->platform().drains().add(bob, "hello", "https://example.org/")));
}

TEST_F(drains_test, one_that_is_removed_gets_nothing_more) {
    test::scripted_upstream server([&](test::tcp_peer& peer) { read_messages(peer, got); });
    const auto made = add(at("syslog", server.port()));
    say("one");
    ASSERT_TRUE(eventually([&] { return got.count("one") == 1; }));
    ASSERT_TRUE(world->settle(world->platform().drains().remove(world->who(), "hello", made.id)));
    EXPECT_FALSE(world->settle(world->platform().drains().remove(world->who(), "hello", made.id)));
    say("two");
    const auto second = add(at("syslog", server.port()));
    say("three");
    ASSERT_TRUE(eventually([&] { return got.count("three") == 1; }));
    EXPECT_EQ(got.count("two"), 0);
    for (int i = 1; i < 5; ++i)
        add(at("syslog", server.port()));
    EXPECT_FALSE(world->settle(world->platform().drains().add(world->who(), "hello", "syslog://h"))) << "a sixth";
    EXPECT_NE(second.id, 0);
}

}  // namespace
}  // namespace gasper
