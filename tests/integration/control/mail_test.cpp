// Mail against scripted SMTP servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include "control/audit.hpp"
#include "control/mail/mailer.hpp"
#include "tests/support/control_world.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_upstream.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/tls_server.hpp"

namespace gasper {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The server's part from the greeting on; what the client said, message included.
template <class Peer>
std::string converse(Peer& peer, const std::string& extensions, bool greet = true) {
    std::string said;
    if (greet) peer.send("220 mx.test ESMTP\r\n");
    for (;;) {
        const auto line = peer.read_until("\r\n");
        if (line.empty()) return said;
        said += line;
        if (line.starts_with("EHLO"))
            peer.send("250-mx.test\r\n250 " + extensions + "\r\n");
        else if (line.starts_with("STARTTLS")) {
            peer.send("220 go on\r\n");
            return said;
        } else if (line.starts_with("AUTH"))
            peer.send("235 welcome\r\n");
        else if (line.starts_with("DATA")) {
            peer.send("354 go on\r\n");
            said += peer.read_until("\r\n.\r\n");
            peer.send("250 queued\r\n");
        } else if (line.starts_with("QUIT")) {
            peer.send("221 bye\r\n");
            return said;
        } else
            peer.send("250 ok\r\n");
    }
}

class mail_test : public testing::Test {
 protected:
    static void SetUpTestSuite() { init_crypto(); }
    void SetUp() override {
        std::ofstream(dir.path() / "ca.pem") << localhost.chain;
        ::setenv("SSL_CERT_FILE", (dir.path() / "ca.pem").c_str(), 1);
    }
    void TearDown() override { ::unsetenv("SSL_CERT_FILE"); }

    void keep(const std::string& said) {
        std::lock_guard lock(mutex);
        all.push_back(said);
        kept.notify_all();
    }
    /// Nobody waits for the server's last word: it may still be writing down what it heard.
    std::vector<std::string> talks(std::size_t at_least = 0) {
        std::unique_lock lock(mutex);
        kept.wait_for(lock, std::chrono::seconds(10), [&] { return all.size() >= at_least; });
        return all;
    }
    result<> send(const std::string& url) {
        asio::io_context io;
        control::mailer mailer(url, "apps.test");
        const control::mail_message m{.from = "gasper@apps.test",
                                      .to = "ann@example.org",
                                      .subject = "hello",
                                      .text = "text",
                                      .id = "1",
                                      .at = now()};
        return test::run_task(io, mailer.send(m, deadline::after(std::chrono::seconds(10))), std::chrono::seconds(20));
    }
    static std::string at(const std::string& scheme, std::uint16_t port) {
        return scheme + "localhost:" + std::to_string(port);
    }

    const certificate localhost = test::self_signed("localhost");
    std::mutex mutex;
    std::condition_variable kept;
    std::vector<std::string> all;
    test::temporary_directory dir;
};

TEST_F(mail_test, goes_through_starttls_with_its_password_inside) {
    test::scripted_upstream server([&](test::tcp_peer& peer) {
        keep(converse(peer, "STARTTLS"));
        test::tls_server_end tls(peer, localhost);
        if (tls.accepted()) keep(converse(tls, "AUTH PLAIN", false));
    });
    const auto sent = send(at("smtp://ann:secret@", server.port()));
    ASSERT_TRUE(sent) << sent.error().message;
    ASSERT_EQ(talks(2).size(), 2u);
    EXPECT_EQ(talks()[0], "EHLO apps.test\r\nSTARTTLS\r\n");
    EXPECT_THAT(
        talks()[1],
        HasSubstr(
            "AUTH PLAIN AGFubgBzZWNyZXQ=\r\nMAIL FROM:<gasper@apps.test>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n"));
    EXPECT_THAT(talks()[1], HasSubstr("To: <ann@example.org>\r\nSubject: hello\r\n"));
}

TEST_F(mail_test, goes_over_tls_from_the_first_byte) {
    test::scripted_upstream server([&](test::tcp_peer& peer) {
        test::tls_server_end tls(peer, localhost);
        if (tls.accepted()) keep(converse(tls, "SIZE 1000"));
    });
    ASSERT_TRUE(send(at("smtps://", server.port())));
    EXPECT_THAT(talks(1), ElementsAre(HasSubstr("QUIT\r\n")));
}

TEST_F(mail_test, a_wrong_certificate_gets_no_password) {
    const auto other = test::self_signed("other.example");
    test::scripted_upstream server([&](test::tcp_peer& peer) {
        keep(converse(peer, "STARTTLS"));
        test::tls_server_end tls(peer, other);
        if (tls.accepted()) keep(converse(tls, "AUTH PLAIN", false));
    });
    EXPECT_FALSE(send(at("smtp://ann:secret@", server.port())));
    for (const auto& said : talks())
        EXPECT_EQ(said.find("AUTH"), std::string::npos);
}

TEST_F(mail_test, events_of_an_app_are_mailed_and_a_mail_that_fails_is_sent_again) {
    std::atomic<int> failing{1};
    test::scripted_upstream server([&](test::tcp_peer& peer) {
        if (failing-- > 0) {
            peer.send("421 too busy\r\n");
            return;
        }
        keep(converse(peer, "SIZE 1000"));
    });
    test::scripted_cluster cluster;
    test::control_world world(dir.path(), cluster, [&](control::options& o) {
        o.smtp_url = at("smtp://", server.port());
        o.domain = "apps.test";
    });
    world.deployed("hello");
    world.scope().spawn("webhooks", world.platform().webhooks().run());
    auto& hooks = world.platform().webhooks();
    ASSERT_TRUE(world.settle(hooks.add(world.who(), "hello", "mailto:ann@example.org", "deploy.failed,disk.low")));
    auto& p = world.platform().shared();
    for (const char* action : {"deploy.failed", "deploy.succeeded"})
        world.run(control::record(p, "ann", action, "hello", "because"));
    world.run(control::record(p, "gasper", "disk.low", "", "/data is 91 % full"));
    ASSERT_TRUE(world.until([&] { return talks().size() >= 2; }) || world.until([&] { return talks().size() >= 2; }));
    EXPECT_THAT(talks(), ElementsAre(HasSubstr("Subject: [gasper] deploy.failed of hello\r\n"),
                                     HasSubstr("Subject: [gasper] disk.low\r\n")));
    EXPECT_THAT(talks()[0], HasSubstr("MAIL FROM:<gasper@apps.test>\r\nRCPT TO:<ann@example.org>\r\n"));
}

TEST_F(mail_test, a_mail_that_was_taken_is_sent_once_even_if_the_server_hangs_up_at_quit) {
    test::scripted_upstream server([&](test::tcp_peer& peer) {
        peer.send("220 mx.test ESMTP\r\n");
        for (const char* answer : {"250 mx.test", "250 ok", "250 ok", "354 go on"}) {
            (void)peer.read_until("\r\n");
            peer.send(std::string(answer) + "\r\n");
        }
        keep(peer.read_until("\r\n.\r\n"));
        peer.send("250 queued\r\n");
    });
    const auto sent = send(at("smtp://", server.port()));
    EXPECT_TRUE(sent) << sent.error().message;
    EXPECT_THAT(talks(), ElementsAre(HasSubstr("Subject: hello\r\n")));
}

TEST_F(mail_test, a_mail_that_its_server_refuses_for_good_is_given_up_and_the_next_one_is_sent) {
    std::atomic<int> rejected{0};
    test::scripted_upstream server([&](test::tcp_peer& peer) {
        if (rejected++ > 0) {
            keep(converse(peer, "SIZE 1000"));
            return;
        }
        peer.send("220 mx.test ESMTP\r\n");
        for (const char* answer : {"250 mx.test", "250 ok", "550 no such mailbox"}) {
            (void)peer.read_until("\r\n");
            peer.send(std::string(answer) + "\r\n");
        }
    });
    test::scripted_cluster cluster;
    test::control_world world(dir.path(), cluster,
                              [&](control::options& o) { o.smtp_url = at("smtp://", server.port()); });
    world.deployed("hello");
    auto& hooks = world.platform().webhooks();
    ASSERT_TRUE(world.settle(hooks.add(world.who(), "hello", "mailto:ann@example.org", "deploy.*")));
    auto& p = world.platform().shared();
    world.run(control::record(p, "ann", "deploy.failed", "hello", "because"));
    world.scope().spawn("webhooks", hooks.run());
    ASSERT_TRUE(world.until([&] {
        return world.settle(hooks.list(world.who(), "hello")).value().front().last_error ==
               "given up: the mail server answered 550 no such mailbox";
    }));
    world.run(control::record(p, "ann", "deploy.succeeded", "hello", ""));
    ASSERT_TRUE(world.until([&] { return !talks().empty(); }));
    EXPECT_THAT(talks(), ElementsAre(HasSubstr("Subject: [gasper] deploy.succeeded of hello\r\n")));
}

TEST_F(mail_test, an_address_that_is_none_and_a_server_that_sends_none_are_refused) {
    test::scripted_cluster cluster;
    test::control_world world(dir.path(), cluster, [](control::options& o) { o.smtp_url = "smtp://mx.test"; });
    world.deployed("hello");
    auto& hooks = world.platform().webhooks();
    for (const char* address : {"mailto:", "mailto:ann", "mailto:ann@example.org\r\nRCPT TO:<eve@example.org>"})
        EXPECT_EQ(world.settle(hooks.add(world.who(), "hello", address, "")).error().code, "mail_address");
    test::temporary_directory elsewhere;
    test::control_world silent(elsewhere.path(), cluster);
    silent.deployed("hello");
    const auto refused = silent.settle(silent.platform().webhooks().add(silent.who(), "hello", "mailto:a@b.test", ""));
    EXPECT_EQ(refused.error().code, "mail_unset");
}

}  // namespace
}  // namespace gasper
